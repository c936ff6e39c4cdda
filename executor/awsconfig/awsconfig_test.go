package awsconfig

import "testing"

func TestAssumedRole(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sts::123456789012:assumed-role/deployer/i-0a1b":                               "deployer",
		"arn:aws-cn:sts::123456789012:assumed-role/deployer/a":                                 "deployer",
		"arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/a@b.org": "AWSReservedSSO_Admin_0123456789abcdef",
		"arn:aws:iam::123456789012:user/ada":                                                   "",
		"arn:aws:iam::123456789012:root":                                                       "",
		"arn:aws:iam::123456789012:role/deployer":                                              "",
		"arn:aws:sts::123456789012:federated-user/ada":                                         "",
		"arn:aws:sts::123456789012:assumed-role//a":                                            "",
		"arn:aws:sts::123456789012:assumed-role/deployer":                                      "",
		"": "",
	} {
		got, err := AssumedRole(arn)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", arn, got, err, want)
		}
	}
}
