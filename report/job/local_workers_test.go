package job

import (
	"slices"
	"testing"

	"brunt/report/config"
)

// TestEnvironmentOfWorkers: workers of this machine that are handed tokens do not get what
// those are made from.
func TestEnvironmentOfWorkers(t *testing.T) {
	t.Setenv("DATABRICKS_CLIENT_SECRET", "canary")
	t.Setenv("ARM_CLIENT_SECRET", "canary")
	t.Setenv("OTHER", "stays")
	for mode, want := range map[string]bool{"own": true, "handed": false} {
		w := &workers{flags: &config.Cluster{WorkerCredentials: mode}}
		got := w.environment()
		if slices.Contains(got, "DATABRICKS_CLIENT_SECRET=canary") != want || slices.Contains(got, "ARM_CLIENT_SECRET=canary") != want || !slices.Contains(got, "OTHER=stays") {
			t.Errorf("%s: %q", mode, got)
		}
	}
}
