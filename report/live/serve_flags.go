package live

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"brunt/payloads/file"
	"brunt/report/config"
)

// bareAddress is what --serve without a value listens on.
const bareAddress = ":80"

// Flags say whether, where and to whom the live view is served.
type Flags struct {
	Serve          Address         `placeholder:"ADDR" help:"Serve the live view: --serve on port 80, --serve=:8080 or --serve=127.0.0.1:8080 elsewhere. Its address is printed first; off this machine it needs the token within."`
	Wait           bool            `help:"With --serve: start idle; load is started from the page."`
	Linger         config.Duration `placeholder:"10m" help:"Serve the page for this long after the run."`
	Open           bool            `help:"Open the page in the browser."`
	ServeToken     string          `placeholder:"TOKEN" help:"Token that the page asks for, instead of a new one per run; @FILE keeps it off the command line."`
	ServeOpen      bool            `help:"Show the page without a token to whoever reaches it; only the token may start, stop and change."`
	ServeAnyTarget bool            `help:"Let the page load other targets than TARGET."`
	ServeCert      string          `predictor:"file" placeholder:"FILE" help:"PEM certificate: serve over TLS."`
	ServeKey       string          `predictor:"file" placeholder:"FILE" help:"PEM key of --serve-cert."`
}

// Validate says which flags contradict each other, in one line.
func (f *Flags) Validate() error {
	if f.Serve == "" {
		for _, set := range []struct {
			flag string
			on   bool
		}{
			{"--wait", f.Wait}, {"--linger", f.Linger != 0}, {"--open", f.Open}, {"--serve-token", f.ServeToken != ""},
			{"--serve-open", f.ServeOpen}, {"--serve-any-target", f.ServeAnyTarget},
			{"--serve-cert", f.ServeCert != ""}, {"--serve-key", f.ServeKey != ""},
		} {
			if set.on {
				return fmt.Errorf(
					"%s without --serve: there is no page; add --serve or leave %s out",
					set.flag,
					set.flag,
				)
			}
		}
	}
	switch {
	case (f.ServeCert == "") != (f.ServeKey == ""):
		return errors.New("--serve-cert and --serve-key belong together: give both or neither")
	case f.Wait && f.Linger != 0:
		return errors.New(
			"--wait with --linger: a page that waits for a start ends by Ctrl-C only; leave one of the two out",
		)
	}
	return nil
}

// LingerFor is how long the page outlives the run, as View.Wait takes it.
func (f *Flags) LingerFor() time.Duration {
	if f.Wait {
		return -1
	}
	return time.Duration(f.Linger)
}

// minToken is the shortest token that nobody guesses.
const minToken = 16

// token is the token given, empty where none was.
func (f *Flags) token() (string, error) {
	token := f.ServeToken
	if path, named := strings.CutPrefix(token, "@"); named {
		text, err := file.ReadText(path)
		if err != nil {
			return "", fmt.Errorf("--serve-token: %w", err)
		}
		token = strings.TrimSpace(text)
	} else if token == "" {
		return "", nil
	}
	if len(token) < minToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("--serve-token: expected at least %d printable ASCII characters without spaces", minToken)
	}
	return token, nil
}

// Address is an address to listen on, as a flag that needs no value.
type Address string

// IsBool lets the flag stand alone.
func (*Address) IsBool() bool { return true }

// Decode reads the value after "=", in the environment or in a file of flags;
// it never takes the word that follows.
func (a *Address) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		*a = bareAddress
		return nil
	}
	return a.set(fmt.Sprint(ctx.Scan.Pop().Value))
}

func (a *Address) set(word string) error {
	switch {
	case word == "true" || word == "":
		*a = bareAddress
	case word == "false":
		*a = ""
	case strings.Trim(word, "0123456789") == "":
		*a = Address(":" + word)
	case !strings.Contains(word, ":"):
		return fmt.Errorf("%q has no port; write it as :8080 or 127.0.0.1:8080", word)
	default:
		*a = Address(word)
	}
	return nil
}
