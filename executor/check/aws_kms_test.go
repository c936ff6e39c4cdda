package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func keyIs(state, more string) string {
	return fmt.Sprintf(`{"KeyMetadata":{"KeyId":"1234-5678","Arn":"arn:aws:kms:eu-west-1:123456789012:key/1234-5678","KeyState":%q,"KeySpec":"SYMMETRIC_DEFAULT","Origin":"AWS_KMS"%s}}`, state, more)
}

func kmsFake(t *testing.T, key, rotation string) *awsFake {
	t.Helper()
	return fakeAWS(t, func(operation, sent string) reply {
		switch {
		case operation == "ListAliases" && strings.Contains(sent, "Marker"):
			return reply{body: `{"Aliases":[{"AliasName":"alias/app-b","TargetKeyId":"1234-5678"}],"Truncated":false}`}
		case operation == "ListAliases":
			return reply{body: `{"Aliases":[{"AliasName":"alias/aws/s3"},{"AliasName":"alias/app-a","TargetKeyId":"1234-5678"},{"AliasName":"alias/app-none"}],"Truncated":true,"NextMarker":"m"}`}
		case strings.Contains(sent, "gone"):
			return reply{status: 400, code: "NotFoundException"}
		case operation == "DescribeKey":
			return reply{body: key}
		case operation == "GetKeyRotationStatus" && strings.Contains(sent, `"1234-5678"`):
			return reply{body: rotation}
		}
		return reply{status: 400, code: "UnknownOperationException"}
	})
}

func TestKMSRotation(t *testing.T) {
	t.Parallel()
	const on, off = `{"KeyRotationEnabled":true,"RotationPeriodInDays":365}`, `{"KeyRotationEnabled":false}`
	for name, tt := range map[string]struct {
		key, rotation, keys string
		want                outcome
	}{
		"it rotates":              {keyIs("Enabled", ""), on, "alias/app-a", passes(`^kms get-key-rotation-status in eu-west-1, account 123456789012: so for all 1: alias/app-a \(1234-5678\) KeyRotationEnabled true, every 365 days;`)},
		"by its ID":               {keyIs("Enabled", ""), on, "1234-5678", passes("all 1: 1234-5678 KeyRotationEnabled true")},
		"by its ARN":              {keyIs("Enabled", ""), on, "arn:aws:kms:eu-west-1:123456789012:key/1234-5678", passes("")},
		"it does not":             {keyIs("Enabled", ""), off, "alias/app-a", fails("not so for 1 of 1: .* KeyRotationEnabled false;")},
		"it is disabled":          {keyIs("Disabled", ""), on, "alias/app-a", fails("is Disabled;")},
		"it is about to go":       {keyIs("PendingDeletion", ""), on, "alias/app-a", fails("is PendingDeletion;")},
		"it cannot":               {strings.Replace(keyIs("Enabled", ""), "SYMMETRIC_DEFAULT", "RSA_2048", 1), on, "alias/app-a", fails("RSA_2048.* cannot rotate by itself;")},
		"it does not exist":       {keyIs("Enabled", ""), on, "alias/app-a,alias/gone", fails("not so for 1 of 2: alias/gone does not exist;")},
		"a pattern, on two pages": {keyIs("Enabled", ""), on, "alias/app-*", passes("so for all 2: alias/app-a .*, alias/app-b")},
		"an alias without a key":  {keyIs("Enabled", ""), on, "alias/aws/*", unknown(`^no key aliases fit "alias/aws/\*"$`)},
		"a pattern of keys":       {keyIs("Enabled", ""), on, "1234-*", unknown("only what begins with alias/ can be a pattern")},
		"nothing is said":         {`{"KeyMetadata":{}}`, on, "alias/app-a", unknown("nothing is said about alias/app-a")},
		"no keys":                 {"", "", "", unknown("keys: none is given")},
	} {
		t.Run(name, func(t *testing.T) {
			f := kmsFake(t, tt.key, tt.rotation)
			expect(t, KMSRotation{}, awsAsks(t, f.URL, "keys", tt.keys), tt.want)
		})
	}
}

func TestE2EKMS(t *testing.T) {
	t.Parallel()
	api := kms.NewFromConfig(motoConfig(t))
	ids := map[string]string{}
	for _, alias := range []string{"alias/kms-good", "alias/kms-bad", "alias/kms-rsa"} {
		in := &kms.CreateKeyInput{}
		if alias == "alias/kms-rsa" {
			in.KeySpec, in.KeyUsage = types.KeySpecRsa2048, types.KeyUsageTypeSignVerify
		}
		made, err := api.CreateKey(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		ids[alias] = aws.ToString(made.KeyMetadata.KeyId)
		must(t)(api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: made.KeyMetadata.KeyId}))
	}
	must(t)(api.EnableKeyRotation(t.Context(), &kms.EnableKeyRotationInput{KeyId: aws.String(ids["alias/kms-good"])}))
	expect(t, KMSRotation{}, motoAsks(t, "keys", "alias/kms-good,"+ids["alias/kms-good"]), passes("account 123456789012: so for all 2"))
	expect(t, KMSRotation{}, motoAsks(t, "keys", "alias/kms-g*"), passes("so for all 1"))
	expect(t, KMSRotation{}, motoAsks(t, "keys", "alias/kms-*"), fails("not so for 2 of 3: alias/kms-bad .*KeyRotationEnabled false, alias/kms-rsa .*RSA_2048"))
	expect(t, KMSRotation{}, motoAsks(t, "keys", "alias/kms-gone"), fails("does not exist"))
}
