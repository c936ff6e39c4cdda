package check

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"runbook/executor"
	"runbook/runbook"
)

// AWSTags looks for required tags on all resources that the tagging API lists.
type AWSTags struct{}

// neverTagged is what this check cannot see.
const neverTagged = "what never had a tag is not listed"

// Info implements executor.Check.
func (AWSTags) Info() runbook.Info {
	return runbook.Info{
		Name: "aws.tags",
		Summary: "all resources of a region that the tagging API lists, or those of them that fit, have the required tags with values. " +
			"A resource that never had a tag is not listed: name those that must be by resources or expect_min. Global ones, such as roles, are in us-east-1",
		Args: map[string]string{
			"keys":       "the required tags' keys, separated by commas; their letters' case counts",
			"filter":     `only resources with these tags, as in "Project=x" or "Project", separated by commas; several values of one key are alternatives`,
			"types":      "only resources of these types, as in dynamodb:table, separated by commas",
			"names":      "only resources whose ARN fits, " + awsNamesArg,
			"resources":  "ARNs of resources that must be listed, and are judged too, " + awsNamesArg,
			"expect_min": "how many resources there are at least",
			"region":     awsRegionArg,
		},
		Require: []string{"keys"},
		Lists:   []string{"keys", "filter", "types", "names", "resources"},
	}
}

// A tagsQuestion is which tags are required of which resources.
type tagsQuestion struct {
	keys, names, resources, types []string
	filter                        []types.TagFilter
	least                         int
}

func askTags(args map[string]string) (tagsQuestion, error) {
	q := tagsQuestion{keys: list(args["keys"]), names: list(args["names"]), resources: list(args["resources"]), types: list(args["types"]), least: 1}
	var bad faults
	bad.note(validNames(args, "keys"))
	var err error
	q.filter, err = tagFilters(args["filter"])
	bad.note(err)
	for _, t := range q.types {
		if consists(t, "*") || strings.ContainsAny(t, "* ") {
			bad.note(fmt.Errorf("types: %s is none such as dynamodb:table", quote(t)))
		}
	}
	for _, r := range q.resources {
		if !strings.HasPrefix(r, "arn:") && !isPattern(r) {
			bad.note(fmt.Errorf(`resources: %s is no ARN, and holds no "*"`, quote(r)))
		}
	}
	if arg := args["expect_min"]; arg != "" {
		least, err := strconv.ParseUint(arg, 10, 31)
		if err != nil || least == 0 {
			bad.note(fmt.Errorf("expect_min: %s is no number from 1 on", quote(arg)))
		}
		q.least = int(least)
	}
	return q, bad.err()
}

// tagFilters reads KEY=VALUE or KEY, separated by commas.
func tagFilters(arg string) ([]types.TagFilter, error) {
	var filters []types.TagFilter
	for _, pair := range list(arg) {
		key, value, valued := strings.Cut(pair, "=")
		if key == "" {
			return nil, fmt.Errorf("filter: %s is neither KEY=VALUE nor KEY", quote(pair))
		}
		i := slices.IndexFunc(filters, func(f types.TagFilter) bool { return *f.Key == key })
		if i < 0 {
			i = len(filters)
			filters = append(filters, types.TagFilter{Key: &key})
		}
		if valued {
			filters[i].Values = append(filters[i].Values, value)
		}
	}
	return filters, nil
}

// Validate implements executor.Validator.
func (AWSTags) Validate(args map[string]string) error {
	_, err := askTags(args)
	return err
}

// Check implements executor.Check.
func (AWSTags) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	asked, err := askTags(q.Args)
	if err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		listed, err := asked.listed(ctx, resourcegroupstaggingapi.NewFromConfig(a.Config))
		if err != nil {
			return executor.Finding{}, err
		}
		return asked.judge(q, a, listed)
	})
}

// listed asks for all resources of the types that have the filter's tags.
func (asked tagsQuestion) listed(ctx context.Context, client resourcegroupstaggingapi.GetResourcesAPIClient) ([]types.ResourceTagMapping, error) {
	input := &resourcegroupstaggingapi.GetResourcesInput{TagFilters: asked.filter, ResourceTypeFilters: asked.types}
	return everyPage(ctx, resourcegroupstaggingapi.NewGetResourcesPaginator(client, input), func(page *resourcegroupstaggingapi.GetResourcesOutput) []types.ResourceTagMapping {
		return page.ResourceTagMappingList
	})
}

// judge looks at those of the listed resources that are asked about.
func (asked tagsQuestion) judge(q executor.Query, a *awsAPI, listed []types.ResourceTagMapping) (executor.Finding, error) {
	var arns, lacking []string
	for _, r := range listed {
		name := aws.ToString(r.ResourceARN)
		all := len(asked.names) == 0 && len(asked.resources) == 0
		if !all && !fitsAny(asked.names, name) && !fitsAny(asked.resources, name) {
			continue
		}
		arns = append(arns, name)
		if lack := lacksTags(r.Tags, asked.keys); len(lack) > 0 {
			lacking = append(lacking, name+" lacks "+strings.Join(lack, ", "))
		}
	}
	unlisted := slices.DeleteFunc(slices.Clone(asked.resources), func(p string) bool {
		return slices.ContainsFunc(arns, func(name string) bool { return wild(p, name) })
	})
	said := fmt.Sprintf("%s: %d resources are asked about", a.from("resourcegroupstaggingapi get-resources", arns...), len(arns))
	switch {
	case len(listed) == 0:
		return executor.Finding{}, fmt.Errorf("%s, and none is listed; %s", said, neverTagged)
	case len(unlisted) > 0:
		return decided(q, false, "%s; not listed: %s; %s", said, some(unlisted), neverTagged)
	case len(arns) == 0:
		return executor.Finding{}, fmt.Errorf("%s, none of the %d that are listed; %s", said, len(listed), neverTagged)
	case len(lacking) > 0:
		return decided(q, false, "%s, %d of them lack required tags: %s", said, len(lacking), some(lacking))
	case len(arns) < asked.least:
		return decided(q, false, "%s, at least %d are expected; %s", said, asked.least, neverTagged)
	}
	return decided(q, true, "%s, all have %s; %s", said, strings.Join(asked.keys, ", "), neverTagged)
}

// lacksTags lists the keys without a value.
func lacksTags(tags []types.Tag, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return slices.ContainsFunc(tags, func(t types.Tag) bool { return aws.ToString(t.Key) == key && aws.ToString(t.Value) != "" })
	})
}
