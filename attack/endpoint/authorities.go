package endpoint

import (
	"os"
	"runtime"

	"brunt/payloads/setting"
)

// authorities says which variable of the environment names authorities that are trusted,
// and what; empty where none does, or the system does not go by it.
func (o *Options) authorities() (name, value string) {
	if o.CAFile != "" || runtime.GOOS == "windows" || runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return "", ""
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value := os.Getenv(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// trusted adds to what is said of a certificate whom it was held against, where the
// environment says so.
func (o *Options) trusted(f *Finding) {
	name, value := o.authorities()
	if name == "" || f.State == Bad {
		return
	}
	if _, err := os.Stat(value); err != nil && name == "SSL_CERT_FILE" {
		f.State, f.Remedy = Doubtful, setting.Textf("SSL_CERT_FILE names no file that can be read: set it right, or give %v", setting.CA)
		return
	}
	f.Text += ", authorities of " + name + " (" + clip(value) + ")"
}

// adviseAuthority is what to do about a certificate by an authority that is not known.
func adviseAuthority() setting.Text {
	if name, value := (&Options{}).authorities(); name != "" {
		return setting.Textf("%v; those of %s (%s) were looked at", adviseCA, name, clip(value))
	}
	return adviseCA
}
