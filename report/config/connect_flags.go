package config

// TLS are the flags that say how TLS is spoken.
type TLS struct {
	Insecure   bool   `short:"k" help:"Do not verify the certificate."`
	CA         string `name:"ca" predictor:"file" placeholder:"FILE" help:"PEM file of the authorities to trust (SSL_CERT_FILE's, or the system's)."`
	Cert       string `predictor:"file" placeholder:"FILE" help:"PEM file of the client certificate, and of its key unless --key has that."`
	Key        string `predictor:"file" placeholder:"FILE" help:"PEM file of the client certificate's key."`
	KeyPass    string `placeholder:"env:NAME" help:"Passphrase of an encrypted key, from env:NAME or @FILE."`
	TLSMin     string `name:"tls-min" env:"BRUNT_TLS_MIN" placeholder:"1.2" help:"Least version of TLS: 1.0, 1.1, 1.2 (1.2) or 1.3."`
	TLSMax     string `name:"tls-max" env:"BRUNT_TLS_MAX" placeholder:"1.3" help:"Highest version of TLS."`
	ServerName string `placeholder:"NAME" help:"Name to ask for by TLS, and to look for in the certificate, instead of the URL's host."`
	TLSResume  bool   `name:"tls-resume" env:"BRUNT_TLS_RESUME" help:"Take up earlier TLS sessions; else each new connection makes a full handshake."`
}

// Connect are the flags that say how connections get to the endpoint.
type Connect struct {
	Proxy     string   `placeholder:"URL" help:"Go through this proxy, http://[USER:PASSWORD@]HOST:PORT, https://… or socks5://…; none: through none (that of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, but never for this machine itself)."`
	Resolve   []string `sep:"none" pair:":" placeholder:"HOST:ADDR" help:"Connect to the IP address ADDR for HOST, repeatable; HOST:PORT:ADDR[,ADDR] for one port only, as for curl."`
	ConnectTo []string `sep:"none" pair:":" placeholder:"HOST:PORT:TO:PORT" help:"Connect to TO:PORT for HOST:PORT, repeatable, as for curl; an empty part is any, or the same. Header, TLS and URL stay HOST's."`
	DNSTTL    Duration `name:"dns-ttl" env:"BRUNT_DNS_TTL" default:"60s" placeholder:"60s" help:"Look the host up again after so long (${default}); connections to addresses that it no longer has are closed after their reply. 0s: only when an address dies."`
	LocalAddr []string `sep:"none" placeholder:"ADDR" help:"Connect from this address of this machine, repeatable: each brings its own ports."`
}
