package config

import (
	"errors"
	"net"
)

// Handed reports whether workers are handed the credentials that requests carry.
func (c *Cluster) Handed() bool { return c.WorkerCredentials == "handed" }

// ErrInTheOpen refuses to hand out tokens that others on the network could read.
var ErrInTheOpen = errors.New("--worker-credentials handed: others on the network could read the tokens on their way to the workers: " +
	"encrypt it with --workers-cert and --workers-key, or tls:// in --nats, or leave workers credentials of their own")

// checkHanded refuses to hand out tokens where the flags say already that they would go
// over a network in the open.
func (c *Cluster) checkHanded() error {
	if !c.Handed() || c.private() {
		return nil
	}
	return ErrInTheOpen
}

// CheckManifest says what is wrong with the flags for workers that are on other machines for
// sure.
func (c *Cluster) CheckManifest() error {
	switch {
	case c.Resume != "":
		return errors.New("--resume: a run is resumed where its coordinator was, and a manifest begins one; leave it out")
	case (c.WorkersCert == "") != (c.WorkersKey == ""):
		return errors.New("--workers-cert and --workers-key belong together; give both")
	case c.Handed() && c.NATS.NATS == "" && c.WorkersCert == "":
		return ErrInTheOpen
	}
	return nil
}

// private reports whether workers may reach the NATS server in no other way than encrypted
// or within this machine. A server of the user's that is named by nats:// may ask for TLS:
// that shows once it is connected to.
func (c *Cluster) private() bool {
	switch {
	case c.NATS.NATS != "", c.WorkersCert != "":
		return true
	case c.ListenWorkers == "":
		return c.Workers.Local
	}
	return Loopback(c.ListenWorkers)
}

// Loopback reports whether HOST:PORT to listen on is this machine's alone.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
