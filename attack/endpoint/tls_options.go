package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"strings"

	"github.com/youmark/pkcs8"

	"brunt/payloads/file"
	"brunt/payloads/setting"
)

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// tls is what the options say of TLS, but for the names of the target's own.
func (o *Options) tls() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: o.Insecure}
	var err error
	if c.MinVersion, err = version(setting.TLSMin, o.TLSMin); err != nil {
		return nil, err
	}
	if c.MaxVersion, err = version(setting.TLSMax, o.TLSMax); err != nil {
		return nil, err
	}
	if c.MaxVersion > 0 && c.MinVersion > c.MaxVersion {
		return nil, setting.Wrong(setting.TLSMin, o.TLSMin, "more than %v %s; leave one of them out", setting.TLSMax, o.TLSMax)
	}
	if c.MinVersion == 0 && c.MaxVersion > 0 && c.MaxVersion < tls.VersionTLS12 {
		c.MinVersion = c.MaxVersion // the library's own would be more
	}
	if o.CAFile != "" {
		text, err := file.ReadText(o.CAFile)
		if err != nil {
			return nil, setting.Wrong(setting.CA, "", "%w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(text)) {
			return nil, setting.Wrong(setting.CA, o.CAFile, "no certificate in it; give a PEM file")
		}
	}
	if o.CertFile != "" || o.KeyFile != "" || o.KeyPass != "" {
		own, err := o.certificate()
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}

func version(field setting.Field, word string) (uint16, error) {
	v, known := versions[word]
	if word != "" && !known {
		return 0, setting.Wrong(field, clip(word), "none of 1.0, 1.1, 1.2, 1.3")
	}
	return v, nil
}

// certificate is the client's own, with its key.
func (o *Options) certificate() (own tls.Certificate, err error) {
	if o.CertFile == "" {
		field := setting.ClientKey
		if o.KeyFile == "" {
			field = setting.KeyPass
		}
		return own, setting.Wrong(field, "", "there is no certificate that it is for; give that with %v FILE.pem", setting.ClientCert)
	}
	text, err := file.ReadText(o.CertFile)
	if err != nil {
		return own, setting.Wrong(setting.ClientCert, "", "%w", err)
	}
	certs := []byte(text)
	if block(certs, "CERTIFICATE") == nil {
		return own, setting.Wrong(setting.ClientCert, o.CertFile, "no certificate in it; give a PEM file")
	}
	keys, at := certs, o.CertFile
	if o.KeyFile != "" {
		if text, err = file.ReadText(o.KeyFile); err != nil {
			return own, setting.Wrong(setting.ClientKey, "", "%w", err)
		}
		keys, at = []byte(text), o.KeyFile
	}
	key := block(keys, "PRIVATE KEY")
	if key == nil {
		return own, setting.Wrong(setting.ClientKey, at, "no private key in it; give the PEM file that has the certificate's")
	}
	if key, err = o.open(key, at); err != nil {
		return own, err
	}
	if own, err = tls.X509KeyPair(certs, pem.EncodeToMemory(key)); err != nil {
		return own, setting.Wrong(setting.ClientKey, at, "%s", strings.TrimPrefix(err.Error(), "tls: "))
	}
	return own, nil
}

// block is the first one of a PEM file whose kind ends so.
func block(text []byte, kind string) *pem.Block {
	for {
		found, rest := pem.Decode(text)
		if found == nil || strings.HasSuffix(found.Type, kind) {
			return found
		}
		text = rest
	}
}

// open decrypts a key, where it is encrypted.
func (o *Options) open(key *pem.Block, at string) (*pem.Block, error) {
	switch {
	case key.Headers["DEK-Info"] != "":
		return nil, setting.Wrong(setting.ClientKey, at, "encrypted in the old way, which is not secure; rewrite it with "+
			"openssl pkcs8 -topk8 -in KEY.pem -out NEW.pem")
	case key.Type != "ENCRYPTED PRIVATE KEY":
		return key, nil
	case o.KeyPass == "":
		return nil, setting.Wrong(setting.ClientKey, at, "encrypted; give its passphrase with %v env:NAME or @FILE", setting.KeyPass)
	}
	pass, err := Secret(setting.KeyPass, o.KeyPass)
	if err != nil {
		return nil, err
	}
	plain, err := pkcs8.ParsePKCS8PrivateKey(key.Bytes, []byte(pass))
	if err != nil { // whose text is of no help, since most are of a wrong passphrase
		return nil, setting.Wrong(setting.ClientKey, at, "cannot be decrypted: see whether %v names the right passphrase", setting.KeyPass)
	}
	der, err := x509.MarshalPKCS8PrivateKey(plain)
	if err != nil {
		return nil, setting.Wrong(setting.ClientKey, at, "%w", err)
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}, nil
}

// Secret reads one from where a word says: env:NAME or @FILE. The error never shows the
// word, which may be the secret itself.
func Secret(field setting.Field, word string) (string, error) {
	if path, ok := strings.CutPrefix(word, "@"); ok {
		text, err := file.ReadText(path)
		if err != nil {
			return "", setting.Wrong(field, "", "%w", unreadable("the file after @", path, err))
		}
		return strings.TrimRight(text, "\r\n"), nil
	}
	name, ok := strings.CutPrefix(word, "env:")
	if !ok {
		return "", setting.Wrong(field, "", "a secret does not belong on a command line; write it as env:NAME or @FILE")
	}
	text, ok := os.LookupEnv(name)
	if !ok {
		return "", setting.Wrong(field, "", "the environment has no variable %s", variable(name))
	}
	return text, nil
}

// certificateAlerts are what servers say, in the library's words, that want a client
// certificate and got none, or not the one they want. Only the first says so by itself.
var certificateAlerts = []string{
	"tls: certificate required", "tls: bad certificate", "tls: handshake failure", "tls: unknown certificate authority",
	"tls: unknown certificate", "tls: unsupported certificate", "tls: expired certificate", "tls: revoked certificate", "tls: access denied",
}

// noProtocol is what servers say that speak none of the protocols offered.
const noProtocol = "tls: no application protocol"

// wantsCertificate reports whether an alert says that a client certificate is wanted, or
// another one, where asked says that the server has asked for one.
func wantsCertificate(alert string, asked bool) bool {
	return alert == certificateAlerts[0] || asked && slices.Contains(certificateAlerts, alert)
}
