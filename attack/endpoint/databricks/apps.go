package databricks

import (
	"context"

	"brunt/payloads/setting"
)

// AppToken gets a token for an app (Databricks Apps), which is the workspace's
// own, and nothing else that questions to a workspace carry.
func (w *Workspace) AppToken(ctx context.Context) (*Token, error) {
	t, err := w.Login(ctx)
	if err != nil {
		return nil, err
	}
	alone := *t
	alone.Headers = t.Headers[:1]
	return &alone, nil
}

// NoAppToken is the error where the workspace's credentials are none that an app
// takes: it wants OAuth tokens that Databricks issues (docs.databricks.com,
// dev-tools/databricks-apps/connect-local).
func (w *Workspace) NoAppToken() error {
	return &ConfigError{advised{
		"an app takes OAuth tokens only, no personal access token",
		": ",
		setting.Textf("run databricks auth login --host %s and unset DATABRICKS_TOKEN, or for longer runs set "+
			"DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET of a service principal that may use the app", w.Host()),
	}}
}
