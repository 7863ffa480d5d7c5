package config

import "brunt/attack/mock"

// Mock are the flags of the look-alike endpoint.
type Mock struct {
	Listen string `default:"127.0.0.1:8088" placeholder:"ADDR" help:"Address to listen on (${default})."`
	Config string `arg:"" name:"mock" optional:"" default:"mock://" help:"Its behaviour, as mock://?latency=20ms&concurrency=8."`
}

// Help gives two examples, and the words of mock addresses.
func (*Mock) Help() string {
	return `Examples:
  brunt mock
  brunt mock --listen 127.0.0.1:9000 'mock://?latency=40ms&sigma=0&concurrency=2'

Keys, here as in a TARGET:
` + mock.Words()
}
