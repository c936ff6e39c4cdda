package check

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/google/go-github/v88/github"
)

// secretsPage is the most secrets that GitHub puts on a page.
const secretsPage = 100

// GitHubSecrets looks for the names of secrets of GitHub Actions. Their values
// are not given to anyone.
func GitHubSecrets() GitHubNames {
	return GitHubNames{"secrets", func(client githubClient, asked githubQuestion) githubListers {
		return githubListers{
			inRepository: githubListing(func(ctx context.Context, page int) (*github.Secrets, *github.Response, error) {
				return client.Actions.ListRepoSecrets(ctx, asked.owner, asked.repository, githubPage(page, secretsPage))
			}, secretNames),
			organizations: githubListing(func(ctx context.Context, page int) (*github.Secrets, *github.Response, error) {
				return client.Actions.ListRepoOrgSecrets(ctx, asked.owner, asked.repository, githubPage(page, secretsPage))
			}, secretNames),
			inEnvironment: githubListing(environmentSecrets(client, asked), secretNames),
		}
	}}
}

// environmentSecrets lists by the repository's number, which is asked for
// first.
func environmentSecrets(client githubClient, asked githubQuestion) func(context.Context, int) (*github.Secrets, *github.Response, error) {
	var number int64
	return func(ctx context.Context, page int) (*github.Secrets, *github.Response, error) {
		if number == 0 {
			repository, r, err := client.Repositories.Get(ctx, asked.owner, asked.repository)
			if err != nil {
				return nil, r, err
			}
			if number = repository.GetID(); number == 0 {
				return nil, r, errors.New("the repository's number is not in the answer")
			}
		}
		if int64(int(number)) != number {
			return nil, nil, fmt.Errorf("the repository's number %d is too great", number)
		}
		return client.Actions.ListEnvSecrets(ctx, int(number), url.PathEscape(asked.environment), githubPage(page, secretsPage))
	}
}

func secretNames(l *github.Secrets) ([]string, int) {
	return namesIn(l.Secrets, func(s *github.Secret) string { return s.Name }), l.TotalCount
}
