package check

import (
	"context"
	"net/url"

	"github.com/google/go-github/v88/github"
)

// variablesPage is the most variables that GitHub puts on a page.
const variablesPage = 30

// GitHubVariables looks for the names of variables of GitHub Actions. Their
// values are left alone: people keep there what is not quite a secret.
func GitHubVariables() GitHubNames {
	return GitHubNames{"variables", func(client githubClient, asked githubQuestion) githubListers {
		return githubListers{
			inRepository: githubListing(func(ctx context.Context, page int) (*github.ActionsVariables, *github.Response, error) {
				return client.Actions.ListRepoVariables(ctx, asked.owner, asked.repository, githubPage(page, variablesPage))
			}, variableNames),
			organizations: githubListing(func(ctx context.Context, page int) (*github.ActionsVariables, *github.Response, error) {
				return client.Actions.ListRepoOrgVariables(ctx, asked.owner, asked.repository, githubPage(page, variablesPage))
			}, variableNames),
			inEnvironment: githubListing(func(ctx context.Context, page int) (*github.ActionsVariables, *github.Response, error) {
				return client.Actions.ListEnvVariables(ctx, asked.owner, asked.repository, url.PathEscape(asked.environment), githubPage(page, variablesPage))
			}, variableNames),
		}
	}}
}

func variableNames(l *github.ActionsVariables) ([]string, int) {
	return namesIn(l.Variables, func(v *github.ActionsVariable) string { return v.Name }), l.TotalCount
}
