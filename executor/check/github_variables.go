package check

import (
	"context"
	"net/url"

	"github.com/google/go-github/v88/github"

	"runbook/executor"
	"runbook/runbook"
)

// GitHubVariables looks for the names of variables of GitHub Actions. Their
// values are left alone: people keep there what is not quite a secret.
type GitHubVariables struct{}

// Info implements executor.Check.
func (GitHubVariables) Info() runbook.Info {
	return runbook.Info{
		Name:    "github.variables",
		Summary: "variables of GitHub Actions exist by name; needs GH_TOKEN or GITHUB_TOKEN, and asks GITHUB_API_URL where it is set",
		Args:    map[string]string{"repository": githubRepository, "names": githubNames, "environment": githubEnvironment},
		Require: []string{"repository", "names"},
		Lists:   []string{"names"},
	}
}

// Validate implements executor.Validator.
func (GitHubVariables) Validate(args map[string]string) error {
	_, err := askGitHub(args)
	return err
}

// variablesPage is the most variables that GitHub puts on a page.
const variablesPage = 30

// Check implements executor.Check. A name that a whole listing does not hold
// is not there; what cannot be listed proves nothing.
func (GitHubVariables) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
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
		kind: "variables",
		inRepository: func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
			return variableNames(client.Actions.ListRepoVariables(ctx, asked.owner, asked.repository, githubPage(page, variablesPage)))
		},
		organizations: func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
			return variableNames(client.Actions.ListRepoOrgVariables(ctx, asked.owner, asked.repository, githubPage(page, variablesPage)))
		},
		inEnvironment: func(ctx context.Context, page int) ([]string, int, *github.Response, error) {
			return variableNames(client.Actions.ListEnvVariables(ctx, asked.owner, asked.repository, url.PathEscape(asked.environment), githubPage(page, variablesPage)))
		},
	}.decide(ctx, q, asked)
}

func variableNames(variables *github.ActionsVariables, r *github.Response, err error) ([]string, int, *github.Response, error) {
	if err != nil || variables == nil || variables.Variables == nil {
		return nil, 0, r, err
	}
	names := make([]string, 0, len(variables.Variables))
	for _, v := range variables.Variables {
		if v != nil {
			names = append(names, v.Name)
		}
	}
	return names, variables.TotalCount, r, nil
}
