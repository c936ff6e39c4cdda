package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v88/github"

	"runbook/executor"
)

// Arguments that the checks of GitHub share.
const (
	githubRepository  = "the repository, as owner/name"
	githubNames       = "the names, separated by commas; their letters' case does not count"
	githubEnvironment = "look in this environment of the repository alone; without it in the repository, and then in what its organization lends it"
)

const (
	// githubTries bounds how often one page is asked for, and githubPause is
	// how long the first wait between two tries is; each next one is longer.
	githubTries = 3
	githubPause = 100 * time.Millisecond
	// githubPages bounds a listing: GitHub allows fewer names than that.
	githubPages = 100
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// consists reports whether s is not empty and of these characters alone.
func consists(s, of string) bool { return s != "" && strings.Trim(s, of) == "" }

// A githubQuestion is what the checks of GitHub are asked: whether all names
// are there.
type githubQuestion struct {
	owner, repository string
	names             []string
	environment       string
}

func askGitHub(args map[string]string) (githubQuestion, error) {
	q := githubQuestion{names: list(args["names"]), environment: args["environment"]}
	var err error
	if q.owner, q.repository, err = ownerAndName(args["repository"]); err != nil {
		return q, err
	}
	if len(q.names) == 0 {
		return q, errors.New("names: none is given")
	}
	for _, name := range q.names {
		if !consists(name, letters+digits+"_") || consists(name[:1], digits) {
			return q, fmt.Errorf("names: %s cannot be one: letters, digits and underscores, and no digit first", quote(name))
		}
	}
	return q, nil
}

// ownerAndName reads a repository's full name.
func ownerAndName(text string) (owner, name string, err error) {
	owner, name, _ = strings.Cut(text, "/")
	if !consists(owner, letters+digits+"-_") || !consists(name, letters+digits+"-_.") {
		return "", "", fmt.Errorf("repository: %s is no owner/name", quote(text))
	}
	return owner, name, nil
}

// missing lists the names that have does not hold.
func missing(names, have []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(name, h) })
	})
}

// A githubLister lists names of one kind, a page at a time. In all is how many
// there are; a page is nil where the answer held none.
type githubLister func(ctx context.Context, page int) (names []string, all int, r *github.Response, err error)

// githubListers are the three places of a kind of names.
type githubListers struct {
	kind          string // "secrets"
	inRepository  githubLister
	organizations githubLister // those that the repository may use
	inEnvironment githubLister
}

// decide asks for the names, and no further than it takes to find them all.
func (l githubListers) decide(ctx context.Context, q executor.Query, asked githubQuestion) (executor.Finding, error) {
	about := asked.owner + "/" + asked.repository
	if asked.environment != "" {
		about += ", environment " + asked.environment
		have, err := everyName(ctx, l.inEnvironment)
		if err != nil {
			return executor.Finding{}, fmt.Errorf("%s of %s: %w", l.kind, about, githubCause(err))
		}
		lost := missing(asked.names, have)
		if len(lost) > 0 {
			return decided(q, false, "%s of %s: %s not among the %d there", l.kind, about, some(lost), len(have))
		}
		return decided(q, true, "%s of %s: %s among the %d there", l.kind, about, some(asked.names), len(have))
	}
	have, err := everyName(ctx, l.inRepository)
	if err != nil {
		return executor.Finding{}, fmt.Errorf("%s of %s: %w", l.kind, about, githubCause(err))
	}
	lost := missing(asked.names, have)
	if len(lost) == 0 {
		return decided(q, true, "%s of %s: %s among the %d there", l.kind, about, some(asked.names), len(have))
	}
	lent, err := everyName(ctx, l.organizations)
	if err != nil && !notFound(err) { // a person's repository has none to ask for
		return executor.Finding{}, fmt.Errorf("%s of %s: %s not among the %d there, and of its organization's: %w", l.kind, about, some(lost), len(have), githubCause(err))
	}
	none := missing(lost, lent)
	if len(none) > 0 {
		return decided(q, false, "%s of %s: %s not among the %d there, nor the %d of its organization", l.kind, about, some(none), len(have), len(lent))
	}
	return decided(q, true, "%s of %s: %s there, %s among the %d of its organization", l.kind, about,
		cmp.Or(some(missing(asked.names, lost)), "none"), some(lost), len(lent))
}

// everyName follows a listing to its end. One that does not hold as many names
// as it says is no answer.
func everyName(ctx context.Context, ask githubLister) ([]string, error) {
	var have []string
	for page, turns := 1, 0; page != 0; turns++ {
		if turns == githubPages {
			return nil, fmt.Errorf("there are more than %d pages", githubPages)
		}
		names, all, r, err := patiently(ctx, ask, page)
		if err != nil {
			return nil, err
		}
		if names == nil {
			return nil, errors.New("the answer holds no list")
		}
		have = append(have, names...)
		if page = r.NextPage; page == 0 && len(have) != all {
			return nil, fmt.Errorf("it lists %d of %d", len(have), all)
		}
	}
	return have, nil
}

// patiently asks again where the service is in trouble, a few times.
func patiently(ctx context.Context, ask githubLister, page int) (names []string, all int, r *github.Response, err error) {
	for try := 1; ; try++ {
		names, all, r, err = ask(ctx, page)
		if err == nil || try == githubTries || !passing(r) {
			return names, all, r, err
		}
		timer := time.NewTimer(time.Duration(try) * githubPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, 0, nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// passing reports whether an error may go away by itself: no answer came, or
// the service says that it is the one in trouble.
func passing(r *github.Response) bool {
	return r == nil || r.Response == nil || r.StatusCode >= http.StatusInternalServerError
}

func notFound(err error) bool {
	var said *github.ErrorResponse
	return errors.As(err, &said) && said.Response.StatusCode == http.StatusNotFound
}

// githubCause says what an error means for the question. What is not found may
// be there and not shown to this token.
func githubCause(err error) error {
	var limited *github.RateLimitError
	var abused *github.AbuseRateLimitError
	var said *github.ErrorResponse
	var web *url.Error
	switch {
	case errors.As(err, &limited):
		return fmt.Errorf("GitHub's rate limit of %d an hour is used up until %s", limited.Rate.Limit, limited.Rate.Reset.UTC().Format(time.RFC3339))
	case errors.As(err, &abused):
		return errors.New("GitHub wants fewer questions: a secondary rate limit")
	case errors.As(err, &said):
		status := said.Response.StatusCode
		hint := map[int]string{
			http.StatusUnauthorized: "; the token is not valid",
			http.StatusForbidden:    "; the token may not list these",
			http.StatusNotFound:     "; it is not there, or the token cannot see it",
		}[status]
		return fmt.Errorf("GitHub answers %d %s%s", status, quote(said.Message), hint)
	case errors.As(err, &web):
		return web.Err
	}
	return err
}

// A githubClient asks GitHub, or what stands in its place.
type githubClient struct {
	*github.Client
	transport *http.Transport
}

func (c githubClient) close() { c.transport.CloseIdleConnections() }

// openGitHub makes a client with the token and the address that the steps see.
func openGitHub(env []string) (githubClient, error) {
	token := cmp.Or(variable(env, "GH_TOKEN"), variable(env, "GITHUB_TOKEN"))
	if token == "" {
		return githubClient{}, errors.New("no token: neither GH_TOKEN nor GITHUB_TOKEN is set")
	}
	base, err := githubAddress(cmp.Or(variable(env, "GITHUB_API_URL"), "https://api.github.com"))
	if err != nil {
		return githubClient{}, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	web := &http.Client{Transport: transport, CheckRedirect: stayHome}
	client, err := github.NewClient(github.WithHTTPClient(web), github.WithAuthToken(token), github.WithURLs(&base, nil), github.WithUserAgent("runbook"))
	if err != nil {
		return githubClient{}, err
	}
	return githubClient{client, transport}, nil
}

// githubAddress reads the API's address. A token is not sent in clear, unless
// it stays on this machine.
func githubAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("GITHUB_API_URL is no https:// address")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", errors.New("GITHUB_API_URL is no https:// address, and the token would be sent in clear")
	}
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

// stayHome follows a renamed repository, but takes the token to no other host.
func stayHome(next *http.Request, via []*http.Request) error {
	switch first := via[0].URL; {
	case len(via) >= 5:
		return errors.New("it redirects without end")
	case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme:
		return fmt.Errorf("it redirects to %s, which is not given the token", quote(next.URL.Host))
	}
	return nil
}

// variable is the value of a variable of an environment, KEY=VALUE: the last
// one, as for programs.
func variable(env []string, name string) string {
	value := ""
	for _, pair := range env {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			value = v
		}
	}
	return value
}

// githubPage is what one page of a listing asks for.
func githubPage(page, size int) *github.ListOptions {
	return &github.ListOptions{Page: page, PerPage: size}
}
