package scripttest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"brunt/attack/endpoint/proxytest"
	"brunt/attack/mock/workspacetest"
)

// The credentials that a script's workspace knows. They are canaries: no output may
// hold them.
const (
	canaryPAT    = "dapi0123456789abcdef0123456789abcanary"
	canarySecret = "dose0123456789abcdef0123456789ascanary"
	clientID     = "11111111-2222-3333-4444-555555555555"
)

// OpenWorkspace gives a script a look-alike workspace.
func OpenWorkspace(env *testscript.Env) error {
	w, err := workspacetest.Start(
		workspacetest.Config{
			PATs:      []string{canaryPAT},
			ClientID:  clientID,
			Secret:    canarySecret,
			Endpoints: workspacetest.Sample(),
		},
	)
	if err != nil {
		return err
	}
	env.Defer(w.Close)
	env.Values["workspace"] = w
	ca := filepath.Join(env.WorkDir, "workspace.pem")
	if err := os.WriteFile(ca, w.CA(), 0o644); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"WORKSPACE": w.Host(), "WORKSPACE_CA": ca, "WORKSPACE_PAT": canaryPAT, "WORKSPACE_ID": clientID, "WORKSPACE_SECRET": canarySecret,
		"APP": "my-agent-123" + workspacetest.AppDomain, "FAST": w.RouteHost("fast"), "FAST_TOO": w.RouteHost("fast-too"), "FAST_ASLEEP": w.RouteHost("fast-asleep"),
	} {
		env.Setenv(name, value)
	}
	_, port, _ := strings.Cut(w.RouteAddr(), ":")
	env.Setenv("WORKSPACE_PORT", w.Host()[strings.LastIndex(w.Host(), ":")+1:])
	env.Setenv("ROUTE_PORT", port)
	return nil
}

// The user and the password of a script's proxy: no output may hold them.
const (
	canaryUser     = "moon-walker-canary"
	canaryPassword = "ri:ver/775@canary"
)

// openProxy gives a script a proxy: its URL with user and password, and without. It alone
// knows the workspace by the name workspace.test.
func openProxy(env *testscript.Env) error {
	port := ":" + env.Getenv("WORKSPACE_PORT")
	p, err := proxytest.Start(proxytest.Config{User: canaryUser, Password: canaryPassword, Known: map[string]string{"workspace.test" + port: "127.0.0.1" + port}})
	if err != nil {
		return err
	}
	env.Defer(p.Close)
	env.Values["proxy"] = p
	env.Setenv("PROXY", p.URL())
	env.Setenv("PROXY_BARE", "http://"+p.Address())
	env.Setenv("PROXY_ADDRESS", p.Address())
	return nil
}

// proxied holds what the script's proxy has let through against what it should: tunnels
// and requests passed on, each "some" or "no".
func proxied(ts *testscript.TestScript, neg bool, args []string) {
	p := ts.Value("proxy").(*proxytest.Server)
	if neg || len(args) != 2 {
		ts.Fatalf("usage: proxied some|no some|no")
	}
	for i, n := range []int64{p.Tunnels.Swap(0), p.Forwarded.Swap(0)} {
		if (args[i] == "some") != (n > 0) {
			ts.Fatalf("%s expected, and there were %d", args[i], n)
		}
	}
}

// seenBy is what a workspace has counted, by the words of control.
func seenBy(w *workspacetest.Server) map[string]int64 {
	s := w.Stats()
	return map[string]int64{
		"invoked": s.Invocations,
		"served":  s.Served,
		"refused": s.Refused,
		"issued":  s.TokensIssued,
		"asked":   s.LookUps + s.Discoveries + s.TokenRequests,
	}
}

// control tells the workspace what to do, or what it must have seen:
//
//	workspace invoked N | served N | refused N | asked N | issued N
//	workspace awaits served|… N more; reaches served|… N in all
//	workspace lifetime 5s | outage STATUS | revoke
func control(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("workspace").(*workspacetest.Server)
	if args[0] == "awaits" || args[0] == "reaches" {
		least, err := strconv.ParseInt(args[2], 10, 64)
		ts.Check(err)
		if args[0] == "awaits" {
			least += seenBy(w)[args[1]]
		}
		if !until(func() bool { return seenBy(w)[args[1]] >= least }) {
			ts.Fatalf("%s: %+v", args[1], w.Stats())
		}
		return
	}
	if got, ok := seenBy(w)[args[0]]; ok {
		if (strconv.FormatInt(got, 10) == args[1]) == neg {
			ts.Fatalf("%s: %d, %+v", args[0], got, w.Stats())
		}
		return
	}
	switch args[0] {
	case "lifetime":
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		w.SetLifetime(d)
	case "outage":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		w.SetOutage(status)
	case "revoke":
		w.Revoke()
	default:
		ts.Fatalf("workspace %s: unknown", args[0])
	}
}

// noSecrets FILE…: none of the workspace's tokens and secrets is in the files,
// nor in what the last command wrote.
func noSecrets(ts *testscript.TestScript, _ bool, args []string) {
	secrets := ts.Value("workspace").(*workspacetest.Server).Secrets()
	for _, name := range append(args, "stdout", "stderr") {
		text := ts.ReadFile(name)
		for _, secret := range secrets {
			if strings.Contains(text, secret) ||
				strings.Contains(text, secret[:min(len(secret), 20)]) && len(secret) < 60 {
				ts.Fatalf("%s holds a secret", name)
			}
		}
	}
}

// openExpired gives a script a server whose certificate expired yesterday, and
// the certificate as its own authority.
func openExpired(env *testscript.Env) error {
	s, pem, err := workspacetest.Expired()
	if err != nil {
		return err
	}
	env.Defer(s.Close)
	ca := filepath.Join(env.WorkDir, "expired.pem")
	env.Setenv("EXPIRED", s.URL)
	env.Setenv("EXPIRED_CA", ca)
	return os.WriteFile(ca, pem, 0o644)
}
