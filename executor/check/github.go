package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v88/github"

	"runbook/executor"
	"runbook/runbook"
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

// GitHubNames is a check whether names of one kind exist. Their values are
// given to nobody, or left alone.
type GitHubNames struct {
	kind    string // "secrets"
	listers func(client githubClient, asked githubQuestion) githubListers
}

// Info implements executor.Check.
func (c GitHubNames) Info() runbook.Info {
	return runbook.Info{
		Name:    "github." + c.kind,
		Summary: c.kind + " of GitHub Actions exist by name; needs GH_TOKEN or GITHUB_TOKEN, and asks GITHUB_API_URL where it is set",
		Args:    map[string]string{"repository": githubRepository, "names": githubNames, "environment": githubEnvironment},
		Require: []string{"repository", "names"},
		Lists:   []string{"names"},
	}
}

// Validate implements executor.Validator.
func (GitHubNames) Validate(args map[string]string) error {
	_, err := askGitHub(args)
	return err
}

// Check implements executor.Check. A name that a whole listing does not hold
// is not there; what cannot be listed proves nothing.
func (c GitHubNames) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	asked, err := askGitHub(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	client, err := openGitHub(q.Env)
	if err != nil {
		return executor.Finding{}, err
	}
	defer client.close()
	return c.listers(client, asked).decide(ctx, q, asked, c.kind)
}

// githubListing is a githubLister of what the client answers for a page.
func githubListing[List any](ask func(ctx context.Context, page int) (*List, *github.Response, error), names func(*List) ([]string, int)) githubLister {
	return func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
		answer, r, err := ask(ctx, page)
		if err != nil || answer == nil {
			return nil, 0, r, err
		}
		list, all := names(answer)
		return list, all, r, nil
	}
}

// namesIn are the names in a list that may be missing, and hold nothing.
func namesIn[Item any](items []*Item, name func(*Item) string) []string {
	if items == nil {
		return nil
	}
	names := make([]string, 0, len(items))
	for _, item := range items {
		if item != nil {
			names = append(names, name(item))
		}
	}
	return names
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
	inRepository  githubLister
	organizations githubLister // those that the repository may use
	inEnvironment githubLister
}

// decide asks for the names, and no further than it takes to find them all.
func (l githubListers) decide(ctx context.Context, q executor.Query, asked githubQuestion, kind string) (executor.Finding, error) {
	about := asked.owner + "/" + asked.repository
	if asked.environment != "" {
		about += ", environment " + asked.environment
		have, err := everyName(ctx, l.inEnvironment)
		if err != nil {
			return executor.Finding{}, fmt.Errorf("%s of %s: %w", kind, about, githubCause(err))
		}
		lost := missing(asked.names, have)
		if len(lost) > 0 {
			return decided(q, false, "%s of %s: %s not among the %d there", kind, about, some(lost), len(have))
		}
		return decided(q, true, "%s of %s: %s among the %d there", kind, about, some(asked.names), len(have))
	}
	have, err := everyName(ctx, l.inRepository)
	if err != nil {
		return executor.Finding{}, fmt.Errorf("%s of %s: %w", kind, about, githubCause(err))
	}
	lost := missing(asked.names, have)
	if len(lost) == 0 {
		return decided(q, true, "%s of %s: %s among the %d there", kind, about, some(asked.names), len(have))
	}
	lent, err := everyName(ctx, l.organizations)
	if err != nil && !notFound(err) { // a person's repository has none to ask for
		return executor.Finding{}, fmt.Errorf("%s of %s: %s not among the %d there, and of its organization's: %w", kind, about, some(lost), len(have), githubCause(err))
	}
	none := missing(lost, lent)
	if len(none) > 0 {
		return decided(q, false, "%s of %s: %s not among the %d there, nor the %d of its organization", kind, about, some(none), len(have), len(lent))
	}
	return decided(q, true, "%s of %s: %s there, %s among the %d of its organization", kind, about,
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
