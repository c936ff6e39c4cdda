package check

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/google/go-github/v88/github"

	"runbook/executor"
	"runbook/runbook"
)

// GitHubSecrets looks for the names of secrets of GitHub Actions. Their values
// are not given to anyone.
type GitHubSecrets struct{}

// Info implements executor.Check.
func (GitHubSecrets) Info() runbook.Info {
	return runbook.Info{
		Name:    "github.secrets",
		Summary: "secrets of GitHub Actions exist by name; needs GH_TOKEN or GITHUB_TOKEN, and asks GITHUB_API_URL where it is set",
		Args:    map[string]string{"repository": githubRepository, "names": githubNames, "environment": githubEnvironment},
		Require: []string{"repository", "names"},
		Lists:   []string{"names"},
	}
}

// Validate implements executor.Validator.
func (GitHubSecrets) Validate(args map[string]string) error {
	_, err := askGitHub(args)
	return err
}

// Check implements executor.Check. A name that a whole listing does not hold
// is not there; what cannot be listed proves nothing.
func (GitHubSecrets) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	asked, err := askGitHub(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	client, err := openGitHub(q.Env)
	if err != nil {
		return executor.Finding{}, err
	}
	defer client.close()
	return githubListers{
		kind: "secrets",
		inRepository: func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
			return secretNames(client.Actions.ListRepoSecrets(ctx, asked.owner, asked.repository, githubPage(page, 100)))
		},
		organizations: func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
			return secretNames(client.Actions.ListRepoOrgSecrets(ctx, asked.owner, asked.repository, githubPage(page, 100)))
		},
		inEnvironment: environmentSecrets(client, asked),
	}.decide(ctx, q, asked)
}

// environmentSecrets lists by the repository's number, which is asked for
// first.
func environmentSecrets(client githubClient, asked githubQuestion) githubLister {
	var number int64
	return func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
		if number == 0 {
			repository, r, err := client.Repositories.Get(ctx, asked.owner, asked.repository)
			if err != nil {
				return nil, 0, r, err
			}
			if number = repository.GetID(); number == 0 {
				return nil, 0, r, errors.New("the repository's number is not in the answer")
			}
		}
		if int64(int(number)) != number {
			return nil, 0, nil, fmt.Errorf("the repository's number %d is too great", number)
		}
		return secretNames(client.Actions.ListEnvSecrets(ctx, int(number), url.PathEscape(asked.environment), githubPage(page, 100)))
	}
}

func secretNames(secrets *github.Secrets, r *github.Response, err error) ([]string, int, *github.Response, error) {
	if err != nil || secrets == nil || secrets.Secrets == nil {
		return nil, 0, r, err
	}
	names := make([]string, 0, len(secrets.Secrets))
	for _, s := range secrets.Secrets {
		if s != nil {
			names = append(names, s.Name)
		}
	}
	return names, secrets.TotalCount, r, nil
}
