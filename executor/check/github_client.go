package check

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v88/github"
)

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
