package source

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"runbook/executor"
)

// fakeSTS is an STS that says who the caller is.
func fakeSTS(t *testing.T, status int, account, arn string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		if status != http.StatusOK {
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn><UserId>x</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, arn, account)
	}))
	t.Cleanup(s.Close)
	return s
}

// caller asks it with credentials of nobody.
func caller(get, endpoint string) executor.Query {
	q := question("", map[string]string{"get": get})
	q.Env = []string{"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + endpoint}
	return q
}

func TestAWS(t *testing.T) {
	const arn = "arn:aws:sts::123456789012:assumed-role/deployer/ada"
	s := fakeSTS(t, http.StatusOK, "123456789012", arn)
	for get, want := range map[string]string{"account": "^123456789012$", "arn": "^" + arn + "$", "role": "^deployer$"} {
		v := gives(t, AWS{}, caller(get, s.URL), want)
		if v.Detail != "sts get-caller-identity: "+arn || len(v.Notes) != 2 || v.Notes[0].Value != "123456789012" || v.Notes[1].Value != "eu-west-1" {
			t.Errorf("%s: %+v", get, v)
		}
	}
	gives(t, AWS{}, caller("region", "http://127.0.0.1:1"), "^eu-west-1$")
	refuses(t, AWS{}, caller("user", s.URL), `aws gives no "user"`)
}

func TestAWSThatDoesNotAnswer(t *testing.T) {
	for _, get := range []string{"account", "arn", "role"} {
		refuses(t, AWS{}, caller(get, fakeSTS(t, http.StatusForbidden, "", "").URL), "asking STS who we are: .*AccessDenied")
		refuses(t, AWS{}, caller(get, fakeSTS(t, http.StatusOK, "", "").URL), `STS answered ""`)
		refuses(t, AWS{}, caller(get, fakeSTS(t, http.StatusOK, "ACCOUNT_ID", "x").URL), `STS answered "ACCOUNT_ID"`)
	}
	refuses(t, AWS{}, caller("role", fakeSTS(t, http.StatusOK, "123456789012", "arn:aws:iam::123456789012:user/ada").URL), "no session of an assumed role")
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// Only a request that has been read notices that its client is gone.
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			<-r.Context().Done()
		}
	}))
	defer hangs.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	refusesWithin(ctx, t, AWS{}, caller("account", hangs.URL), "deadline exceeded")
}
