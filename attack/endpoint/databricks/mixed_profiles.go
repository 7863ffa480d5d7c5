package databricks

import (
	"fmt"
	"os"
	"strings"

	"github.com/databricks/databricks-sdk-go/config"
)

// checkMixed refuses a profile where the environment names another workspace. The SDK
// takes what the environment has and the rest from the profile, so that one
// workspace's credentials would go to the other.
func checkMixed(c *config.Config) error {
	if c.Profile == "" {
		return nil
	}
	file, err := config.LoadFile(c.ConfigFile)
	if err != nil {
		return nil // then nothing was taken out of it
	}
	section := file.Section(c.Profile)
	for _, name := range []string{"host", "token", "username", "password", "client_id", "client_secret"} {
		variable := "DATABRICKS_" + strings.ToUpper(name)
		ours, theirs := os.Getenv(variable), section.Key(name).String()
		if name == "host" {
			ours, theirs = canonical(ours), canonical(theirs)
		}
		if ours != "" && theirs != "" && ours != theirs {
			return &ConfigError{
				advised{
					what: fmt.Sprintf(
						"%s and profile %s of the configuration file differ: unset the variable, or leave the profile out",
						variable,
						c.Profile,
					),
				},
			}
		}
	}
	return nil
}

// canonical is a host as the SDK writes it; empty for none.
func canonical(host string) string {
	if host == "" {
		return ""
	}
	return strings.ToLower((&config.Config{Host: host}).CanonicalHostName())
}
