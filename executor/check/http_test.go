package check

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// site answers as its paths say.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("elsewhere")) }))
	t.Cleanup(other.Close)
	mux := http.NewServeMux()
	for path, status := range map[string]int{"/missing": 404, "/denied": 403, "/who": 401, "/slow-down": 429, "/broken": 503, "/made": 201} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	for path, body := range map[string]string{"/ok": "status: ok\n", "/empty": "", "/long": strings.Repeat("x", maxBody) + "ok"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) })
	}
	for path, to := range map[string]string{"/moved": "/ok", "/away": other.URL + "/ok?token=hunter22", "/round": "/round", "/file": "file:///etc/passwd"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	}
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/drips", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("ok"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/breaks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("ok"))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestHTTP(t *testing.T) {
	s := site(t)
	for name, tt := range map[string]struct {
		path, status, contains, timeout string
		want                            outcome
	}{
		"it answers":                        {"/ok", "", "", "", passes(`^GET http://127\.0\.0\.1:\d+/ok: status 200;`)},
		"it says what it should":            {"/ok", "", "status: ok", "", passes(`the body contains "status: ok"`)},
		"it says something else":            {"/ok", "", "degraded", "", fails(`11 bytes that do not contain "degraded"`)},
		"it says nothing":                   {"/empty", "", "ok", "", unknown("the body is empty")},
		"nothing may be enough":             {"/empty", "", "", "", passes("status 200")},
		"another status":                    {"/missing", "", "", "", fails("status 404; expected 200")},
		"one of several":                    {"/made", "200, 201", "", "", passes("status 201")},
		"none of several":                   {"/missing", "200,201", "", "", fails("expected 200 or 201")},
		"a missing page can be expected":    {"/missing", "404", "", "", passes("status 404")},
		"it is broken":                      {"/broken", "", "", "", fails("status 503")},
		"it does not let us see":            {"/denied", "", "", "", unknown("status 403: it does not let us see")},
		"it does not know us":               {"/who", "", "", "", unknown("status 401")},
		"it has had enough":                 {"/slow-down", "", "", "", unknown("status 429")},
		"being denied can be expected":      {"/denied", "403", "", "", passes("status 403")},
		"a redirect on the host":            {"/moved", "", "status: ok", "", passes("/moved: status 200 from http://.*/ok,")},
		"a redirect to another host":        {"/away", "", "elsewhere", "", fails(`status 302, a redirect to http://127\.0\.0\.1:\d+/ok\?…, not followed; expected 200`)},
		"a redirect can be expected":        {"/away", "302", "", "", passes("not followed")},
		"a redirect to a file":              {"/file", "", "root", "", fails("not followed")},
		"redirects without end":             {"/round", "", "", "", unknown("redirects without end")},
		"it takes too long":                 {"/hangs", "", "", "50ms", unknown("deadline exceeded")},
		"its body takes too long":           {"/drips", "", "ok", "50ms", unknown("reading the answer")},
		"its body breaks off":               {"/breaks", "", "ok", "", unknown("reading the answer: unexpected EOF")},
		"beyond what is read":               {"/long", "", "ok", "", unknown("there is more")},
		"within what is read":               {"/long", "", "xxx", "", passes("")},
		"no status":                         {"/ok", "OK", "", "", unknown("status: ")},
		"no status there is":                {"/ok", "2000", "", "", unknown("status: ")},
		"a list of none":                    {"/ok", ",", "", "", unknown("status: none")},
		"a query is not repeated":           {"/ok?token=hunter22", "", "", "", passes(`/ok\?…: status 200`)},
		"a query is not repeated on errors": {"/hangs?token=hunter22", "", "", "50ms", unknown(`^GET http://[^ ]*/hangs\?…: context deadline exceeded$`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := map[string]string{"url": s.URL + tt.path}
			for name, value := range map[string]string{"status": tt.status, "contains": tt.contains} {
				if value != "" {
					args[name] = value
				}
			}
			ctx := t.Context()
			if limit, err := time.ParseDuration(tt.timeout); err == nil {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, limit)
				defer cancel()
			}
			expectWithin(ctx, t, HTTP{}, question(t.TempDir(), args), tt.want)
		})
	}
}

func TestHTTPOfWhatIsNotAsked(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake is to fail
	tls.StartTLS()
	defer tls.Close()
	for url, want := range map[string]string{
		"file:///etc/passwd":       "only http:// and https://",
		"ftp://example.org/":       "only http:// and https://",
		"example.org":              "only http:// and https://",
		"http://":                  "only http:// and https://",
		"http://u:hunter22@h:bad/": "^url: it cannot be read as one$",
		gone.URL:                   "connection refused",
		tls.URL:                    "certificate",
	} {
		expect(t, HTTP{}, question(t.TempDir(), map[string]string{"url": url}), unknown(want))
	}
}

// A password in the address is used and not told.
func TestHTTPKeepsThePassword(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hunter22" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer s.Close()
	url := strings.Replace(s.URL, "http://", "http://ada:hunter22@", 1)
	expect(t, HTTP{}, question(t.TempDir(), map[string]string{"url": url + "/x"}), passes(`^GET http://127\.0\.0\.1:\d+/x: status 200;`))
}

func TestHTTPEndsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	expectWithin(ctx, t, HTTP{}, question(t.TempDir(), map[string]string{"url": site(t).URL + "/hangs"}), unknown("deadline exceeded"))
}
