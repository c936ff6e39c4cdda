package check

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"runbook/executor"
)

const githubToken = "ghp_canary0123456789"

// A fakeGitHub lists names, at most "most" on a page.
type fakeGitHub struct {
	url       string
	asked     atomic.Int32
	lists     map[string][]string // by path
	most      int
	answers   map[string]http.HandlerFunc // instead of a list
	untold    int                         // how many more there are than it lists
	forgotten bool                        // it does not say that there is a next page
}

// fakeGitHubWorld has in o/r A and B of its own and C of its organization, and in
// its environment "prod/eu" D.
func fakeGitHubWorld(t *testing.T) *fakeGitHub {
	t.Helper()
	f := &fakeGitHub{most: 100, lists: map[string][]string{}, answers: map[string]http.HandlerFunc{}}
	for _, kind := range []string{"secrets", "variables"} {
		f.lists["/repos/o/r/actions/"+kind] = []string{"A", "B"}
		f.lists["/repos/o/r/actions/organization-"+kind] = []string{"C"}
		f.lists["/repos/o/empty/actions/"+kind] = []string{}
		f.lists["/repos/o/empty/actions/organization-"+kind] = []string{}
		f.lists["/repos/ada/own/actions/"+kind] = []string{"A"}
	}
	f.lists["/repositories/4711/environments/prod%2Feu/secrets"] = []string{"D"}
	f.lists["/repos/o/r/environments/prod%2Feu/variables"] = []string{"D"}
	f.answers["/repos/o/r"] = says(200, `{"id": 4711, "full_name": "o/r"}`)
	f.answers["/repos/o/odd"] = says(200, `{}`)
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func (f *fakeGitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	path := r.URL.EscapedPath()
	if r.Header.Get("Authorization") != "Bearer "+githubToken {
		says(401, `{"message": "Bad credentials"}`)(w, r)
		return
	}
	if answer := f.answers[path]; answer != nil {
		answer(w, r)
		return
	}
	names, ok := f.lists[path]
	if !ok {
		says(404, `{"message": "Not Found"}`)(w, r)
		return
	}
	page, size := number(r, "page", 1), min(number(r, "per_page", 30), f.most)
	from := min((page-1)*size, len(names))
	to := min(from+size, len(names))
	if to < len(names) && !f.forgotten {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?page=%d>; rel="next"`, f.url, path, page+1))
	}
	items := []map[string]string{}
	for _, name := range names[from:to] {
		items = append(items, map[string]string{"name": name, "value": "canary-value"})
	}
	kind := path[strings.LastIndexAny(path, "/-")+1:]
	json.NewEncoder(w).Encode(map[string]any{"total_count": len(names) + f.untold, kind: items})
}

func number(r *http.Request, name string, otherwise int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// question asks about names in a repository, and maybe an environment.
func (f *fakeGitHub) question(repository, names, environment string) executor.Query {
	args := map[string]string{"repository": repository, "names": names}
	if environment != "" {
		args["environment"] = environment
	}
	q := question("", args)
	q.Env = []string{"GITHUB_TOKEN=" + githubToken, "GITHUB_API_URL=" + f.url}
	return q
}

// Both kinds are asked in the same ways.
func TestGitHub(t *testing.T) {
	rateLimited := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Ratelimit-Limit", "5000")
		w.Header().Set("X-Ratelimit-Remaining", "0")
		w.Header().Set("X-Ratelimit-Reset", "4102444800")
		says(403, `{"message": "API rate limit exceeded"}`)(w, r)
	}
	secondary := says(403, `{"message": "You have exceeded a secondary rate limit", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`)
	for name, tt := range map[string]struct {
		repository, names, environment string
		change                         func(f *fakeGitHub, listing string)
		want                           outcome
		asks                           int32 // 0: as often as it likes
	}{
		"all are there":               {"o/r", "A,B", "", nil, passes("^%s of o/r: A, B among the 2 there;"), 1},
		"case does not count":         {"o/r", "a", "", nil, passes("^%s of o/r: a among the 2 there;"), 1},
		"some of its organization":    {"o/r", "A,C", "", nil, passes("A there, C among the 1 of its organization"), 2},
		"all of its organization":     {"o/r", "C", "", nil, passes("none there, C among the 1"), 2},
		"one is not there":            {"o/r", "A,X", "", nil, fails("%s of o/r: X not among the 2 there, nor the 1 of its organization"), 2},
		"nothing is there":            {"o/empty", "A", "", nil, fails("A not among the 0 there, nor the 0"), 2},
		"a person's repository":       {"ada/own", "A,X", "", nil, fails("X not among the 1 there, nor the 0"), 2},
		"in an environment":           {"o/r", "D", "prod/eu", nil, passes("%s of o/r, environment prod/eu: D among the 1 there"), 0},
		"not in an environment":       {"o/r", "A", "prod/eu", nil, fails("A not among the 1 there"), 0},
		"an environment of none":      {"o/r", "A", "staging", nil, unknown("environment staging: GitHub answers 404 .*not there, or the token cannot see it"), 0},
		"no such repository":          {"o/none", "A", "", nil, unknown(`^%s of o/none: GitHub answers 404 "Not Found"; it is not there, or the token cannot see it$`), 1},
		"no repository, environment":  {"o/none", "A", "prod", nil, unknown("404"), 0},
		"denied":                      {"o/r", "A", "", answer(says(403, `{"message": "Resource not accessible by personal access token"}`)), unknown("403 .*not accessible.*; the token may not list these"), 1},
		"used up":                     {"o/r", "A", "", answer(rateLimited), unknown("rate limit of 5000 an hour is used up until 2100-01-01T00:00:00Z"), 1},
		"too many at once":            {"o/r", "A", "", answer(secondary), unknown("a secondary rate limit"), 1},
		"broken":                      {"o/r", "A", "", answer(says(502, "<html>")), unknown("GitHub answers 502"), 3},
		"broken for a moment":         {"o/r", "A", "", moment(), passes("A among"), 3},
		"it says nothing":             {"o/r", "A", "", answer(says(200, "")), unknown("holds no list"), 1},
		"it says nothing of a list":   {"o/r", "A", "", answer(says(200, "{}")), unknown("holds no list"), 1},
		"no list of names":            {"o/r", "A", "", answer(says(200, `[{"name":"A"}]`)), unknown("json"), 1},
		"it breaks off":               {"o/r", "A", "", answer(says(200, `{"total_count": 1, "secr`)), unknown("unexpected EOF"), 1},
		"page by page":                {"o/r", "A,N149", "", many, passes("A, N149 among the 150 there"), 0},
		"page by page, not there":     {"o/r", "N151", "", many, fails("N151 not among the 150 there"), 0},
		"a page is not told":          {"o/r", "N149", "", func(f *fakeGitHub, l string) { many(f, l); f.forgotten = true }, unknown("it lists [0-9]+ of 150"), 1},
		"it holds some back":          {"o/r", "A,B", "", func(f *fakeGitHub, _ string) { f.untold = 1 }, unknown("it lists 2 of 3"), 1},
		"the organization is denied":  {"o/r", "A,C", "", denyOrganization, unknown("C not among the 2 there, and of its organization's: GitHub answers 403"), 2},
		"unless all are there anyway": {"o/r", "A,B", "", denyOrganization, passes("A, B among the 2"), 1},
		"a listing without end":       {"o/r", "A", "", answer(endless), unknown("more than 100 pages"), 100},
		"it redirects elsewhere": {"o/r", "A", "", answer(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://localhost:1/", http.StatusMovedPermanently)
		}), unknown(`redirects to "localhost:1", which is not given the token`), 0},
		"renamed": {"o/r", "A", "", renamed, passes("A among the 1 there"), 2},
	} {
		for kind, c := range map[string]executor.Check{"secrets": GitHubSecrets(), "variables": GitHubVariables()} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				f := fakeGitHubWorld(t)
				if tt.change != nil {
					tt.change(f, "/repos/o/r/actions/"+kind)
				}
				want := tt.want
				want.says = strings.ReplaceAll(want.says, "%s", kind)
				expect(t, c, f.question(tt.repository, tt.names, tt.environment), want)
				if got := f.asked.Load(); tt.asks != 0 && got != tt.asks {
					t.Errorf("asked %d times, want %d", got, tt.asks)
				}
			})
		}
	}
}

func answer(h http.HandlerFunc) func(*fakeGitHub, string) {
	return func(f *fakeGitHub, listing string) { f.answers[listing] = h }
}

// moment is trouble that is over at the third try.
func moment() func(*fakeGitHub, string) {
	return func(f *fakeGitHub, listing string) {
		f.answers[listing] = func(w http.ResponseWriter, r *http.Request) {
			if f.asked.Load() < 3 {
				w.WriteHeader(503)
				return
			}
			kind := listing[strings.LastIndex(listing, "/")+1:]
			says(200, `{"total_count": 1, "`+kind+`": [{"name": "A"}]}`)(w, r)
		}
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.Path, number(r, "page", 1)+1))
	says(200, `{"total_count": 1, "secrets": [], "variables": []}`)(w, r)
}

func many(f *fakeGitHub, listing string) {
	f.most = 40
	names := []string{"A"}
	for n := 1; n < 150; n++ {
		names = append(names, "N"+strconv.Itoa(n))
	}
	f.lists[listing] = names
}

func denyOrganization(f *fakeGitHub, listing string) {
	kind := listing[strings.LastIndex(listing, "/")+1:]
	f.answers["/repos/o/r/actions/organization-"+kind] = says(403, `{"message": "no"}`)
}

func renamed(f *fakeGitHub, listing string) {
	f.answers[listing] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(listing, "/o/r/", "/ada/own/", 1), http.StatusMovedPermanently)
	}
}

func TestGitHubToken(t *testing.T) {
	f := fakeGitHubWorld(t)
	for _, tt := range []struct {
		env  []string
		want outcome
	}{
		{nil, unknown("^no token: neither GH_TOKEN nor GITHUB_TOKEN is set$")},
		{[]string{"GITHUB_TOKEN="}, unknown("^no token")},
		{[]string{"GITHUB_TOKEN=" + githubToken}, passes("A among")},
		{[]string{"GH_TOKEN=" + githubToken}, passes("A among")},
		{[]string{"GH_TOKEN=" + githubToken, "GITHUB_TOKEN=another"}, passes("A among")},
		{[]string{"GITHUB_TOKEN=old", "GITHUB_TOKEN=" + githubToken}, passes("A among")},
		{[]string{"GITHUB_TOKEN=canary-wrong"}, unknown(`^secrets of o/r: GitHub answers 401 "Bad credentials"; the token is not valid$`)},
	} {
		q := f.question("o/r", "A", "")
		q.Env = append([]string{"GITHUB_API_URL=" + f.url + "/"}, tt.env...)
		expect(t, GitHubSecrets(), q, tt.want)
	}
}

// The token goes to one address, and not in clear over a network.
func TestGitHubAddress(t *testing.T) {
	for address, want := range map[string]string{
		"http://ghe.example.org/api/v3":   "sent in clear",
		"http://10.0.0.1/":                "sent in clear",
		"ghe.example.org":                 "no https:// address",
		"file:///etc/passwd":              "no https:// address",
		"https://u:canary@ghe:bad/api/v3": "^GITHUB_API_URL is no https:// address$",
		"http://127.0.0.1:1":              "connection refused",
		"http://[::1]:1":                  "connect",
		"http://localhost:1":              "connect",
	} {
		q := (&fakeGitHub{url: address}).question("o/r", "A", "")
		expect(t, GitHubSecrets(), q, unknown(want))
	}
	if got, err := githubAddress("https://ghe.example.org/api/v3"); got != "https://ghe.example.org/api/v3/" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestGitHubEndsWithTheRun(t *testing.T) {
	f := fakeGitHubWorld(t)
	f.answers["/repos/o/r/actions/secrets"] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	expectWithin(ctx, t, GitHubSecrets(), f.question("o/r", "A", ""), unknown("deadline exceeded"))
}

// Between two tries, too.
func TestGitHubEndsBetweenTries(t *testing.T) {
	f := fakeGitHubWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.answers["/repos/o/r/actions/secrets"] = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(503)
		w.(http.Flusher).Flush()
		cancel()
	}
	expectWithin(ctx, t, GitHubSecrets(), f.question("o/r", "A", ""), unknown("context canceled"))
	if f.asked.Load() != 1 {
		t.Errorf("asked %d times", f.asked.Load())
	}
}
