package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"runbook/executor"
	"runbook/runbook"
)

// maxBody bounds what is read of an answer, in bytes.
const maxBody = 1 << 20

// HTTP asks a web server once and judges its answer.
type HTTP struct{}

// Info implements executor.Check.
func (HTTP) Info() runbook.Info {
	return runbook.Info{
		Name:    "http",
		Summary: "what a GET request is answered: its status and what the body contains; redirects to another host are not followed",
		Args: map[string]string{
			"url":      "what to ask, http or https",
			"status":   `the status, or several separated by commas, as in "200,204"; 200 by default`,
			"contains": "a text that the first MiB of the body holds, taken literally",
		},
		Require: []string{"url"},
		Lists:   []string{"status"},
		Retry:   true,
	}
}

// Validate implements executor.Validator.
func (HTTP) Validate(args map[string]string) error {
	_, _, err := webRequest(args)
	return err
}

// webRequest reads the arguments: whom to ask, and which statuses are wanted.
func webRequest(args map[string]string) (target *url.URL, want []int, err error) {
	if target, err = webAddress(args["url"]); err != nil {
		return nil, nil, err
	}
	want, err = statuses(args["status"])
	return target, want, err
}

// Check implements executor.Check. No answer, and one that says no more than
// that we may not ask, prove nothing.
func (HTTP) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	target, want, err := webRequest(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	a, err := get(ctx, target)
	if err != nil {
		err = fmt.Errorf("GET %s: %w", shown(target), err)
		if unreached(err) {
			err = &executor.TransientError{Err: err}
		}
		return executor.Finding{}, err
	}
	return a.judge(q, target, want)
}

// unreached reports whether asking again may help.
func unreached(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// webAddress reads a URL that may be asked.
func webAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("url: it cannot be read as one") // the error would repeat it, password and all
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("url: only http:// and https:// addresses are asked")
	}
	return u, nil
}

// shown is a URL without what may be secret in it.
func shown(u *url.URL) string {
	s := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		s += "?…"
	}
	return s
}

func statuses(arg string) ([]int, error) {
	if arg == "" {
		return []int{http.StatusOK}, nil
	}
	var want []int
	for _, s := range list(arg) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 100 || n > 599 {
			return nil, fmt.Errorf("status: %s is not one", quote(s))
		}
		want = append(want, n)
	}
	if len(want) == 0 {
		return nil, errors.New("status: none is given")
	}
	return want, nil
}

// A webAnswer is what a server said.
type webAnswer struct {
	status int
	body   string
	cut    bool     // the body is longer than what was read
	from   *url.URL // whom it is from, after redirects
	away   *url.URL // the other host that it points to, if any
}

// get asks for target. Every request has a connection of its own: nothing
// stays open after the answer.
func get(ctx context.Context, target *url.URL) (*webAnswer, error) {
	a := &webAnswer{}
	client := http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) >= 10 {
				return errors.New("it redirects without end")
			}
			if !strings.EqualFold(next.URL.Host, target.Host) || target.Scheme == "https" && next.URL.Scheme != "https" {
				a.away = next.URL
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "runbook")
	response, err := client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the wrapper names the URL, secrets and all
		}
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	a.status, a.from = response.StatusCode, response.Request.URL
	a.cut = len(body) > maxBody
	a.body = string(body[:min(len(body), maxBody)])
	return a, nil
}

// judge compares the answer with what is expected.
func (a *webAnswer) judge(q executor.Query, target *url.URL, want []int) (executor.Finding, error) {
	said := fmt.Sprintf("GET %s: status %d", shown(target), a.status)
	if a.from.String() != target.String() {
		said += " from " + shown(a.from)
	}
	if a.away != nil {
		said += ", a redirect to " + shown(a.away) + ", not followed"
	}
	if !slices.Contains(want, a.status) {
		switch a.status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
			return executor.Finding{}, fmt.Errorf("%s: it does not let us see", said)
		case http.StatusTooManyRequests:
			return executor.Finding{}, &executor.TransientError{Err: fmt.Errorf("%s: it does not let us see", said)}
		}
		return decided(q, false, "%s; expected %s", said, numbers(want))
	}
	contains := q.Args["contains"]
	switch {
	case contains == "":
		return decided(q, true, "%s", said)
	case strings.Contains(a.body, contains):
		return decided(q, true, "%s, the body contains %s", said, quote(contains))
	case a.body == "":
		return executor.Finding{}, fmt.Errorf("%s: the body is empty", said)
	case a.cut:
		return executor.Finding{}, fmt.Errorf("%s: the first MiB of the body does not contain %s, and there is more", said, quote(contains))
	}
	return decided(q, false, "%s, %d bytes that do not contain %s", said, len(a.body), quote(contains))
}

func numbers(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, " or ")
}
