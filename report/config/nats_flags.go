package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"brunt/attack/cluster"
	read "brunt/payloads/file"
)

// NATS are the flags that say how a NATS server of the user's own is reached.
type NATS struct {
	NATS      string `name:"nats" env:"BRUNT_NATS" placeholder:"URL" help:"NATS server or cluster to use, with JetStream: nats://host:4222 or tls://…, several with commas between."`
	NATSCreds string `name:"nats-creds" aliases:"creds" env:"BRUNT_NATS_CREDS" predictor:"file" placeholder:"FILE" help:"File of NATS credentials (JWT and key)."`
	NATSNKey  string `name:"nats-nkey" env:"BRUNT_NATS_NKEY" predictor:"file" placeholder:"FILE" help:"File of an NKey's seed."`
	NATSCA    string `name:"nats-ca" env:"BRUNT_NATS_CA" predictor:"file" placeholder:"FILE" help:"Certificates (PEM) that the NATS server's is trusted by, besides the system's."`
	NATSCert  string `name:"nats-cert" env:"BRUNT_NATS_CERT" predictor:"file" placeholder:"FILE" help:"Certificate (PEM) that the NATS server asks of its clients."`
	NATSKey   string `name:"nats-key" env:"BRUNT_NATS_KEY" predictor:"file" placeholder:"FILE" help:"Its key (PEM)."`
}

// natsSchemes are those that an address of a NATS server may have.
var natsSchemes = []string{"nats", "tls", "ws", "wss"}

// Access is what they say. It reads the files that they name, so that what is wrong with
// one is said before anything is connected to.
func (n *NATS) Access() (cluster.Access, error) {
	a := cluster.Access{URL: n.NATS, Creds: n.NATSCreds, NKey: n.NATSNKey, CA: n.NATSCA, Cert: n.NATSCert, Key: n.NATSKey}
	for word := range strings.SplitSeq(n.NATS, ",") {
		if n.NATS == "" {
			break // the embedded server
		}
		if word = strings.TrimSpace(word); !strings.Contains(word, "://") {
			word = "nats://" + word
		}
		if u, err := url.Parse(word); err != nil || u.Host == "" || !slices.Contains(natsSchemes, u.Scheme) {
			return a, fmt.Errorf("%s is no address of a NATS server; write nats://host:4222", RedactWord(word))
		}
	}
	if n.NATSCreds != "" && n.NATSNKey != "" {
		return a, errors.New("--nats-creds and --nats-nkey: each says who connects; leave one out")
	}
	return a, n.checkFiles()
}

// oneGiven is a flag that is there besides --nats, empty where there is none.
func (n *NATS) oneGiven() string {
	return firstOf([]givenName{
		{"--nats-creds", n.NATSCreds != ""},
		{"--nats-nkey", n.NATSNKey != ""},
		{"--nats-ca", n.NATSCA != ""},
		{"--nats-cert", n.NATSCert != ""},
		{"--nats-key", n.NATSKey != ""},
	})
}

// checkFiles reports a file that is none of what its flag asks for. What is in it is not
// repeated: it may be a secret.
func (n *NATS) checkFiles() error {
	for _, f := range []struct {
		flag, path, kind string
		good             func(text []byte) bool
	}{
		{"--nats-creds", n.NATSCreds, "NATS credentials: a user's JWT and key, as nsc writes them", cluster.IsCreds},
		{"--nats-nkey", n.NATSNKey, "seed of a user's NKey, as nk writes it", cluster.IsSeed},
		{"--nats-ca", n.NATSCA, "certificates (PEM)", x509.NewCertPool().AppendCertsFromPEM},
	} {
		if f.path == "" {
			continue
		}
		text, err := read.ReadText(f.path)
		if err != nil {
			return fmt.Errorf("%s: %w", f.flag, err)
		}
		if !f.good([]byte(text)) {
			return fmt.Errorf("%s %s: the file holds no %s", f.flag, f.path, f.kind)
		}
	}
	switch {
	case (n.NATSCert == "") != (n.NATSKey == ""):
		return errors.New("--nats-cert and --nats-key belong together; give both")
	case n.NATSCert != "":
		if _, err := tls.LoadX509KeyPair(n.NATSCert, n.NATSKey); err != nil {
			return fmt.Errorf("--nats-cert: %w", err)
		}
	}
	return nil
}
