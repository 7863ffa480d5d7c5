package endpoint

import "testing"

// TestDatabricksHosts: hosts of their cloud are told by their names; those of
// apps, where anything may answer, and look-alikes are not.
func TestDatabricksHosts(t *testing.T) {
	for name, want := range map[string]bool{
		"dbc-1234.cloud.databricks.com": true, "x.serving.cloud.databricks.com": true, "adb-1.2.azuredatabricks.net": true, "1.gcp.databricks.com": true,
		"x.serving.azuredatabricks.net": true, "X.Cloud.Databricks.COM": true,
		"127.0.0.1": false, "api.example.com": false, "databricks.example.com": false, "cloud.databricks.com.example.com": false, "agent-1.aws.databricksapps.com": false,
	} {
		if got := (&Endpoint{Target: Target{Name: name}}).Databricks(); got != want {
			t.Errorf("%s: %t, expected %t", name, got, want)
		}
	}
}
