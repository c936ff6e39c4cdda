package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"runbook/executor"
	"runbook/runbook"
)

// KMSRotation looks whether KMS makes new key material by itself.
type KMSRotation struct{}

// aliasPrefix begins the name of every alias of a key.
const aliasPrefix = "alias/"

// Info implements executor.Check.
func (KMSRotation) Info() runbook.Info {
	return runbook.Info{
		Name:    "aws.kms.rotation",
		Summary: "the KMS keys exist, are enabled and have automatic rotation",
		Args: map[string]string{
			"keys":   `the keys, separated by commas: as alias/NAME, with "*" for any run of characters, as a key's ID or as an ARN`,
			"region": awsRegionArg,
		},
		Lists:   []string{"keys"},
		Require: []string{"keys"},
	}
}

// Validate implements executor.Validator.
func (KMSRotation) Validate(args map[string]string) error {
	for _, key := range list(args["keys"]) {
		if isPattern(key) && !strings.HasPrefix(key, aliasPrefix) {
			return fmt.Errorf("keys: %s: only what begins with %s can be a pattern", quote(key), aliasPrefix)
		}
	}
	return validNames(args, "keys")
}

// Check implements executor.Check. A key that does not exist has no rotation;
// a pattern that no alias fits proves nothing.
func (c KMSRotation) Check(ctx context.Context, q executor.Query) (executor.Finding, error) {
	if err := c.Validate(q.Args); err != nil {
		return executor.Finding{}, err
	}
	return askAWS(ctx, q, func(ctx context.Context, a *awsAPI) (executor.Finding, error) {
		api := kms.NewFromConfig(a.Config)
		found, err := expandAll(list(q.Args["keys"]), "key aliases", func() ([]string, error) { return keyAliases(ctx, api) })
		if err != nil {
			return executor.Finding{}, err
		}
		seen, err := each(ctx, found, func(ctx context.Context, name string) (sight, error) { return keyRotation(ctx, api, name) })
		if err != nil {
			return executor.Finding{}, err
		}
		return seen.decide(q, a, "kms get-key-rotation-status")
	})
}

// keyAliases lists the aliases of keys that exist: AWS keeps the names of its
// own before it makes the keys.
func keyAliases(ctx context.Context, api kms.ListAliasesAPIClient) ([]string, error) {
	return everyPage(ctx, kms.NewListAliasesPaginator(api, &kms.ListAliasesInput{}), func(p *kms.ListAliasesOutput) []string {
		if p.Aliases == nil {
			return nil
		}
		names := []string{}
		for _, alias := range p.Aliases {
			if alias.TargetKeyId != nil {
				names = append(names, aws.ToString(alias.AliasName))
			}
		}
		return names
	})
}

// A keyReader is what is needed of KMS to see a key's rotation. Its status is
// only told by the key's ID, never by an alias.
type keyReader interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
	GetKeyRotationStatus(context.Context, *kms.GetKeyRotationStatusInput, ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error)
}

func keyRotation(ctx context.Context, api keyReader, name string) (sight, error) {
	described, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &name})
	if awsCode(err) == "NotFoundException" {
		return sight{fact: name + " does not exist"}, nil
	}
	if err != nil {
		return sight{}, err
	}
	key := described.KeyMetadata
	if key == nil || aws.ToString(key.KeyId) == "" || key.KeyState == "" {
		return sight{}, fmt.Errorf("kms describe-key: nothing is said about %s", name)
	}
	one := sight{arn: aws.ToString(key.Arn), fact: name}
	if id := aws.ToString(key.KeyId); !strings.HasSuffix(name, id) {
		one.fact += fmt.Sprintf(" (%s)", id)
	}
	switch {
	case key.KeyState != types.KeyStateEnabled:
		one.fact += fmt.Sprintf(" is %s", key.KeyState)
		return one, nil
	case key.KeySpec != "" && key.KeySpec != types.KeySpecSymmetricDefault, key.Origin == types.OriginTypeAwsCloudhsm, key.Origin == types.OriginTypeExternalKeyStore:
		one.fact += fmt.Sprintf(" (%s, origin %s) cannot rotate by itself", key.KeySpec, key.Origin)
		return one, nil
	}
	status, err := api.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: key.KeyId})
	if err != nil {
		return sight{}, err
	}
	one.ok = status.KeyRotationEnabled
	one.fact += fmt.Sprintf(" KeyRotationEnabled %t", status.KeyRotationEnabled)
	if status.RotationPeriodInDays != nil {
		one.fact += fmt.Sprintf(", every %d days", *status.RotationPeriodInDays)
	}
	return one, nil
}
