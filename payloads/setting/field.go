package setting

import "fmt"

// Field is one setting of a run, of its plan, its request or its target, or of
// how bodies are made.
type Field int

// The settings that errors and advice speak of.
const (
	Rate Field = iota + 1
	Concurrency
	Duration
	Requests
	Stages
	Arrivals // law of the gaps between requests
	Warmup
	Timeout
	HTTP2
	NoKeepAlive // connections are closed after each request
	Connections
	ConnectRate
	StreamStall
	SuccessBody // what the bodies of successes match
	FailBody    // what those of failures match
	ExpectHeader
	ExpectJSON
	Payloads
	Body    // a file that is sent as it is
	Targets // list of requests
	Replay
	Recorded // replies of conversations are those of the file
	Speed    // of a replay
	Method
	Header
	HeaderFile
	User      // name and password of every request
	Template  // headers and paths hold values of each request's own
	AnyTarget // requests may go to hosts that only their lines name
	Insecure
	CA
	Resolve
	Proxy
	ClientCert
	ClientKey
	KeyPass // word for the passphrase of the client's key
	TLSMin
	TLSMax
	ServerName
	TLSResume
	ConnectTo
	LocalAddr
	DNSTTL // age at which addresses are looked up again
	Profile
	NoAuth // no credentials of a workspace are sent
	ServedModel
	WaitReady
	Unique          // each body's text begins with an id of its own
	ClientRequestID // each body gets one
	Compress        // bodies are compressed
	Credentials     // a header with credentials from the environment

	// Of how bodies are made.

	Chat
	Column
	System
	Model
	MaxTokens
	Temperature
	Stream
	InputTokens
	OutputTokens
	MaxCompletionTokens
	IgnoreEOS
	ExtraBody
	From // format of a dataset
	Count
	Types
	Unnamed
	RowsPerRequest
	FromOpenAPI
	end // of the list
)

var names = [end]string{
	Rate: "rate", Concurrency: "concurrency", Duration: "duration", Requests: "requests", Stages: "stages",
	Arrivals: "arrivals", Warmup: "warm-up",
	Timeout: "time-out", HTTP2: "HTTP/2", NoKeepAlive: "no keep-alive", Connections: "connections",
	ConnectRate: "connect rate", StreamStall: "stream stall", SuccessBody: "success body", FailBody: "fail body", ExpectHeader: "expected header", ExpectJSON: "expected JSON", Payloads: "payloads", Body: "body", Targets: "targets", Replay: "replay", Recorded: "recorded replies", Speed: "speed",
	Method: "method", Header: "header", HeaderFile: "header file", User: "user", Template: "template", AnyTarget: "any target", Insecure: "insecure", CA: "CA file",
	Resolve: "address override", Proxy: "proxy", ClientCert: "client certificate", ClientKey: "client key", KeyPass: "passphrase of the client key",
	TLSMin: "least TLS version", TLSMax: "highest TLS version", ServerName: "server name", TLSResume: "TLS resumption",
	ConnectTo: "connect to", LocalAddr: "local address", DNSTTL: "age of addresses",
	Profile: "profile", NoAuth: "no credentials", ServedModel: "served model",
	WaitReady: "time to become ready", Unique: "unique", ClientRequestID: "client request id", Compress: "compress",
	Credentials: "header with credentials",
	Chat:        "chat", Column: "column", System: "system message", Model: "model", MaxTokens: "max tokens",
	Temperature: "temperature", Stream: "stream", InputTokens: "input tokens", OutputTokens: "output tokens",
	MaxCompletionTokens: "max completion tokens", IgnoreEOS: "ignore eos", ExtraBody: "extra body", From: "dataset format",
	Count: "count", Types: "column types", Unnamed: "unnamed", RowsPerRequest: "rows per request",
	FromOpenAPI: "OpenAPI description",
}

// Fields lists every setting.
func Fields() []Field {
	list := make([]Field, 0, end-1)
	for f := Rate; f < end; f++ {
		list = append(list, f)
	}
	return list
}

// String is the setting's plain name, such as "warm-up".
func (f Field) String() string {
	if f < Rate || f >= end {
		return fmt.Sprintf("setting %d", int(f))
	}
	return names[f]
}

// Names gives settings their names on one surface.
type Names func(Field) string
