package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"runbook/executor"
	"runbook/runbook"
)

// A pager is what the SDK calls a paginator.
type pager[Page, Options any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*Options)) (*Page, error)
}

// everyPage collects what all pages of a listing hold. A page with an empty
// list says that there is nothing on it; one without a list says nothing.
func everyPage[Item, Page, Options any](ctx context.Context, p pager[Page, Options], items func(*Page) []Item) ([]Item, error) {
	var all []Item
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		list := items(page)
		if list == nil {
			return nil, fmt.Errorf("AWS gave an answer without the list that was asked for (%T)", *page)
		}
		all = append(all, list...)
	}
	return all, nil
}

// namesOf is what a page of a listing names. Of no list it makes none.
func namesOf[Item any](items []Item, name func(Item) *string) []string {
	if items == nil {
		return nil
	}
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = aws.ToString(name(item))
	}
	return all
}

// expand finds what is named: a name stands for itself, a pattern for all in
// the listing that fit. The listing is only asked for where there is a pattern.
// without are the patterns that nothing fits. A listing of nothing at all is an
// error: the account or the region may be the wrong one.
func expand(patterns []string, kind string, listing func() ([]string, error)) (found, without []string, err error) {
	var all []string
	if slices.ContainsFunc(patterns, isPattern) {
		if all, err = listing(); err != nil {
			return nil, nil, err
		}
		if len(all) == 0 {
			return nil, nil, fmt.Errorf("there are no %s at all in this account and region", kind)
		}
		slices.Sort(all)
	}
	for _, p := range patterns {
		fits := []string{p}
		if isPattern(p) {
			fits = slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !wild(p, name) })
		}
		if len(fits) == 0 {
			without = append(without, p)
		}
		for _, name := range fits {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found, without, nil
}

func quoted(list []string) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = quote(s)
	}
	return texts
}

func isPattern(name string) bool { return strings.Contains(name, "*") }

// expandAll is expand for a claim about what things are like: a pattern that
// nothing fits proves nothing.
func expandAll(patterns []string, kind string, listing func() ([]string, error)) ([]string, error) {
	found, without, err := expand(patterns, kind, listing)
	if err == nil && len(without) > 0 {
		err = fmt.Errorf("no %s fit %s", kind, some(quoted(without)))
	}
	return found, err
}

// A sight is what one resource turned out to be.
type sight struct {
	ok   bool
	fact string // with the resource's name
	arn  string // if the answer has it
}

// A survey is the sights of several resources, in the order of their names.
type survey []sight

// each looks at all the named, a few side by side. The first that cannot be
// seen leaves the whole question open.
func each(ctx context.Context, names []string, look func(ctx context.Context, name string) (sight, error)) (survey, error) {
	seen, errs := make(survey, len(names)), make([]error, len(names))
	slots := make(chan struct{}, awsAtOnce)
	runbook.SideBySide(len(names), func(i int) {
		slots <- struct{}{}
		defer func() { <-slots }()
		if ctx.Err() == nil {
			seen[i], errs[i] = look(ctx, names[i])
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return seen, nil
}

func (s survey) arns() []string {
	arns := make([]string, len(s))
	for i, one := range s {
		arns[i] = one.arn
	}
	return arns
}

// decide passes if all are as they should be. A survey of nothing is an error.
func (s survey) decide(q executor.Query, a *awsAPI, request string) (executor.Finding, error) {
	var all, bad []string
	for _, one := range s {
		all = append(all, one.fact)
		if !one.ok {
			bad = append(bad, one.fact)
		}
	}
	from := a.from(request, s.arns()...)
	switch {
	case len(s) == 0:
		return executor.Finding{}, fmt.Errorf("%s: there was nothing to look at", from)
	case len(bad) > 0:
		return decided(q, false, "%s: not so for %d of %d: %s", from, len(bad), len(s), some(bad))
	}
	return decided(q, true, "%s: so for all %d: %s", from, len(s), some(all))
}

// An existence is the question whether what is named is there, and as it must
// be to count as that.
type existence struct {
	named                    []string // names and patterns
	kind                     string   // what they name, in the plural
	listRequest, lookRequest string   // as the aws CLI names them
	list                     func(ctx context.Context) ([]string, error)
	look                     func(ctx context.Context, name string) (sight, error)
}

// existing answers it: each name must be there, each pattern fit at least one,
// and there be as many together as the argument count says.
func existing(ctx context.Context, q executor.Query, a *awsAPI, e existence) (executor.Finding, error) {
	want, err := wantedCount(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	found, without, err := expand(e.named, e.kind, func() ([]string, error) { return e.list(ctx) })
	if err != nil {
		return executor.Finding{}, err
	}
	if len(without) > 0 {
		return decided(q, false, "%s: no %s fit %s", a.from(e.listRequest), e.kind, some(quoted(without)))
	}
	seen, err := each(ctx, found, e.look)
	if err != nil {
		return executor.Finding{}, err
	}
	f, err := seen.decide(q, a, e.lookRequest)
	if err == nil && f.Verdict == runbook.Pass && !want.holds(len(found)) {
		return decided(q, false, "%s: there are %d %s, expected %s: %s", a.from(e.lookRequest, seen.arns()...), len(found), e.kind, want, some(found))
	}
	return f, err
}
