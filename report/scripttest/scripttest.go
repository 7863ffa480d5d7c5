package scripttest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Run runs testscripts, whose commands end as soon as this process would:
// under the race detector each waits for a second, unless GORACE says otherwise.
func Run(t *testing.T, p testscript.Params) {
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("GORACE", os.Getenv("GORACE"))
		if setup == nil {
			return nil
		}
		return setup(env)
	}
	testscript.Run(t, p)
}

// Commands are those of the scripts, besides testscript's own.
func Commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"arrived": arrived,
		"sound":   sound,
		"oneline": oneline,
		"exits":   exits,
		"awaits":  awaits,
		"listens": listens,
		"page":    fetch,
		"state":   state,
		"attach":  attach,

		"workspace": control,
		"nosecrets": noSecrets,
		"proxied":   proxied,

		"nats":     natsServer,
		"natskeys": natsKeys,

		"samefigures": sameFigures,
		"samecounts":  sameCounts,
		"alike":       alike,
	}
}

// Setup gives a script its servers, and their addresses in its environment: URL,
// WORKSPACE…, EXPIRED…, PROXY…; PORT is free, and TAKEN is not.
func Setup(env *testscript.Env) error {
	server := &arrivals{}
	server.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.n.Add(1)
		if code, err := strconv.Atoi(r.URL.Query().Get("status")); err == nil {
			w.WriteHeader(code)
		}
		if r.URL.Query().Has("slow") {
			io.Copy(io.Discard, r.Body) // the server looks for the client's end only after it
			<-r.Context().Done()
		}
		fmt.Fprint(w, `{"message":"said the server"}`)
	}))
	env.Defer(server.Close)
	env.Values["server"] = server
	env.Setenv("URL", server.URL)
	// What a terminal obeys.
	env.Setenv("ESC", "\x1b")
	env.Setenv("CSI", "\u009b")
	env.Setenv("BIDI", "\u202e")
	// A port that is free, and one that is not.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Defer(func() { taken.Close() })
	if err := FreePort(env, "PORT"); err != nil {
		return err
	}
	env.Setenv("TAKEN", fmt.Sprint(taken.Addr().(*net.TCPAddr).Port))
	if err := openExpired(env); err != nil {
		return err
	}
	if err := OpenWorkspace(env); err != nil {
		return err
	}
	return openProxy(env)
}

// FreePort sets a variable to a port of this machine that nothing listens at.
func FreePort(env *testscript.Env, variable string) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv(variable, fmt.Sprint(free.Addr().(*net.TCPAddr).Port))
	return free.Close()
}
