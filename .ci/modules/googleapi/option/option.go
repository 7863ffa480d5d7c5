// Package option has the options of google.golang.org/api/option that the Databricks SDK
// uses.
package option

// ClientOption says how a token is to be had.
type ClientOption interface {
	Apply(*Settings)
}

// Settings are what options set.
type Settings struct {
	// CredentialsJSON is the content of a file of credentials; empty for those of the
	// environment (Application Default Credentials).
	CredentialsJSON []byte
}

type withCredentialsJSON []byte

// Apply implements ClientOption.
func (w withCredentialsJSON) Apply(s *Settings) { s.CredentialsJSON = w }

// WithCredentialsJSON gives the content of a file of credentials.
func WithCredentialsJSON(content []byte) ClientOption { return withCredentialsJSON(content) }
