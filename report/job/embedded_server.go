package job

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"brunt/attack/cluster"
	"brunt/report/config"
)

// startServer starts the embedded server. Where workers are elsewhere, what it keeps
// outlives this process, for --resume.
func (w *workers) startServer() (err error) {
	flags := w.flags
	o := cluster.ServerOptions{Listen: flags.ListenWorkers, Session: w.session}
	if o.Token, err = flags.Token(); err != nil {
		return err
	}
	switch {
	case o.Listen != "":
	case flags.Workers.Local:
		o.Listen = "127.0.0.1:0"
	default:
		o.Listen = ":4222"
	}
	if o.Token != "" && len(o.Token) < minToken && !config.Loopback(o.Listen) {
		return fmt.Errorf("--worker-token: expected at least %d characters, for the server is reached from other machines", minToken)
	}
	if !flags.Workers.Local {
		w.dir = sessionDir(w.session)
		o.Dir = w.dir
		if flags.Resume != "" {
			if err = w.readKept(&o); err != nil {
				return err
			}
		}
	}
	if flags.WorkersCert != "" {
		pair, err := tls.LoadX509KeyPair(flags.WorkersCert, flags.WorkersKey)
		if err != nil {
			return fmt.Errorf("--workers-cert: %w", err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if w.server, err = cluster.StartServer(o); err != nil {
		return fmt.Errorf("--listen-workers %s: %w", o.Listen, err)
	}
	if w.dir == "" {
		return nil
	}
	return w.writeKept(keptServer{w.server.Addr().String(), w.server.Token()})
}

// minToken is the shortest token that nobody guesses from elsewhere.
const minToken = 16

// keptServer is what an embedded server is started again with.
type keptServer struct{ Listen, Token string }

// sessionDir is where the embedded server of a session keeps what it stores.
func sessionDir(session string) string { return filepath.Join(cacheDir(), "sessions", session) }

func (w *workers) keptPath() string { return filepath.Join(w.dir, "server.json") }

func (w *workers) readKept(o *cluster.ServerOptions) error {
	text, err := os.ReadFile(w.keptPath())
	if err != nil {
		return fmt.Errorf("--resume %s: this machine has no such session: it is over, or was another machine's", w.session)
	}
	var kept keptServer
	if err := json.Unmarshal(text, &kept); err != nil {
		return fmt.Errorf("--resume: %s: %w", w.keptPath(), err)
	}
	o.Listen, o.Token = kept.Listen, kept.Token
	return nil
}

// writeKept keeps the token where only this user can read it.
func (w *workers) writeKept(kept keptServer) error {
	text, err := json.Marshal(&kept)
	if err != nil {
		return err
	}
	return os.WriteFile(w.keptPath(), text, 0o600)
}
