package cause

import "bytes"

// rules are tried in order. The words are looked for wherever they stand, for
// the same refusal comes in several shapes; they are in lower case.
var rules = []rule{
	on(304, 304, ""),
	on(300, 399, Redirect),

	// What web servers say of a request that no application gets to see.
	on(
		400,
		400,
		PlainHTTP,
		"plain http request was sent to https port",
		"http request to an https server",
		"plain http to an ssl-enabled",
		"combination of host and port requires tls",
	),
	on(400, 400, Certificate, "no required ssl certificate was sent", "the ssl certificate error"),
	on(
		403,
		403,
		Certificate,
		"client certificate required",
		"ssl certificate required",
		"no required ssl certificate",
	),
	on(
		400,
		400,
		Headers,
		"header or cookie too large",
		"header fields too large",
		"request header field exceeds",
		"size of the request headers",
	),
	on(431, 431, Headers),
	on(494, 494, Headers),
	on(414, 414, URL),
	on(415, 415, MediaType),

	on(413, 413, Tokens, "tokens per minute"),
	on(
		400,
		413,
		TooLarge,
		"request_too_large",
		"request too large",
		"entity too large",
		"payload too large",
		"maximum allowed content length",
		"exceeds maximum size",
		"request size",
	),
	on(413, 413, TooLarge),

	// A limit set by a user counts requests or tokens too, so it comes first, and
	// workspaces have limits of tokens too, so those come before theirs.
	on(
		429,
		429,
		Gateway,
		"user defined rate limit",
		"user-defined rate limit",
		"ai gateway",
	).of(databricksEndpoint),
	on(429, 429, Quota, "insufficient_quota"),
	on(
		429,
		429,
		Tokens,
		"itpm",
		"otpm",
		"tokens per",
		"tokens-per",
		"tokens_per",
		"token rate limit",
		"token limit",
		"token quota",
	),
	on(429, 429, Concurrency, "concurrent requests", "provisioned concurrency", "concurrency limit"),
	on(429, 429, Workspace, "parallel requests").of(databricksEndpoint),
	on(429, 429, Concurrency, "parallel requests"),
	on(
		429,
		429,
		Requests,
		`"qps"`,
		`"qph"`,
		`"qpm"`,
		`"rpm"`,
		"requests per",
		"requests-per",
		"requests_per",
		"queries per",
		"queries-per",
		"qps rate limit",
		"qps limit",
		"qph rate limit",
		"qph limit",
	),
	on(429, 429, Rate),
	on(400, 400, Rate, "throttlingexception"),
	on(403, 403, Requests, "out of call volume quota"),

	on(
		400,
		403,
		Credentials,
		"invalid access token",
		"unauthenticated",
		"api key not valid",
		"invalid api key",
		"invalid_api_key",
		"security token included in the request",
	),
	on(
		401,
		403,
		Credentials,
		"invalid token",
		"invalid_token",
		"token is expired",
		"token has expired",
		"token expired",
		"authentication failed",
		"credential was not sent",
	),
	on(401, 401, Credentials),
	on(407, 407, ProxyCredentials),
	on(400, 403, Address, "ip access list", "ip acl", "ip address is blocked"),
	on(400, 403, Address, "source ip").of(databricksEndpoint),
	on(403, 403, Permission),
	on(400, 404, Permission, "permission_denied"),
	on(
		400,
		404,
		NoModel,
		"model_not_found",
		"modelnotfound",
		"model not found",
		"unknown model",
		"model with name*does not exist",
		"servable not found",
		"invalid model name",
		"model `*does not exist",
		"model `*not found",
		"model '*does not exist",
		"model '*not found",
		`model "*not found`,
	),
	on(400, 404, NotFound, "resource_does_not_exist", "endpoint_not_found"),
	on(404, 404, NotFound),
	on(410, 410, NotFound),
	on(405, 405, Method),

	on(
		400,
		422,
		TooLong,
		"context length",
		"context_length",
		"context window",
		"maximum context",
		"context size",
		"prompt is too long",
		"input is too long",
		"too many tokens",
		"maximum number of tokens",
		"`inputs` tokens",
		"`inputs` must have less",
	),
	// What the input was compared with is the input's fault even where it is told
	// as an exception of the model.
	on(
		400,
		400,
		BadInput,
		"failed to parse input",
		"enforce schema",
		"schema enforcement",
		"dataframe_split",
		"dataframe_records",
	),
	on(400, 400, BadInput, "malformed_request", "invalid_parameter_value").of(databricksEndpoint),
	on(400, 400, Model, "while evaluating the model", "model failed", "tasks failed", "predict failed"),
	on(400, 400, Model, "traceback", "exception").of(databricksEndpoint),
	on(
		400,
		400,
		BadInput,
		"invalid_request_error",
		"badrequesterror",
		"json parse error",
		"parse the request json",
		"parse the json",
		"decode json",
		"json_invalid",
		"json decode",
		"invalid json",
		"looking for beginning of value",
		"unexpected inference input",
	).of(otherEndpoint),
	on(400, 400, BadRequest),
	on(422, 422, BadInput),

	on(408, 408, GatewayTimeout).of(databricksEndpoint),
	on(408, 408, SlowRequest),
	on(504, 504, GatewayTimeout),
	on(
		500,
		503,
		GatewayTimeout,
		"timed out",
		"time out",
		"time-out",
		"timeout",
		"deadline",
	).of(databricksEndpoint),
	on(
		500,
		503,
		GatewayTimeout,
		"upstream request timeout",
		"first byte timeout",
		"gateway time",
	).of(otherEndpoint),
	on(503, 503, Concurrency, "reset reason: overflow").of(otherEndpoint),
	on(
		503,
		503,
		NoUpstream,
		"no healthy upstream",
		"no server is available to handle",
		"upstream connect error",
	).of(otherEndpoint),
	on(
		500,
		503,
		ColdStart,
		"scaled to zero",
		"scale to zero",
		"scale-to-zero",
		"scaling up",
		"scaling from",
		"not ready",
		"no healthy upstream",
		"cold start",
		"is starting",
		"starting up",
		"waking",
		"loading the model",
		"being deployed",
		"no replica",
	).of(databricksEndpoint),
	on(
		500,
		503,
		ColdStart,
		"is not ready",
		"is starting",
		"starting up",
		"currently loading",
		"still loading",
		"loading model",
		"loading the model",
	).of(otherEndpoint),
	on(500, 500, Model, "model failed", "while evaluating the model", "predict failed"),
	on(500, 500, Model, "traceback", "exception", "tasks failed", "model server").of(databricksEndpoint),
	on(500, 500, Server),
	on(502, 502, BadGateway),
	on(503, 503, Unavailable),
	on(521, 523, NoUpstream).of(otherEndpoint), // of Cloudflare: down, not reached in time, no route
	on(524, 524, GatewayTimeout).of(otherEndpoint),
	on(529, 529, Unavailable, "overloaded").of(otherEndpoint),
	on(505, 599, Server),
}

// ownCodes are the error codes of Databricks' own API, in lower case.
var ownCodes = [...]string{
	"bad_request", "unauthenticated", "permission_denied", "not_found", "internal_error", "internal_server_error", "malformed_request", "invalid_parameter_value",
	"invalid_state", "resource_does_not_exist", "resource_conflict", "resource_exhausted", "endpoint_not_found", "request_limit_exceeded", "request_too_large",
	"temporarily_unavailable", "deadline_exceeded", "cancelled", "aborted", "already_exists", "unknown", "data_loss", "feature_disabled", "not_implemented",
}

// ownLimits are how its gateway names the limit that was met.
var ownLimits = [...]string{`"itpm"`, `"otpm"`, `"qps"`, `"qph"`, `"qpm"`, `"input_tokens_per_`, `"output_tokens_per_`}

// speaksDatabricks reports whether a reply's text, in lower case, has one of the
// shapes of Databricks' errors: {"error_code":"CODE","message":…}, where the code
// may be the status, too, "CODE: message", or an error with a limit_type.
func speaksDatabricks(text []byte) bool {
	if at := afterKey(text, `"error_code"`); at != nil && bytes.Contains(text, []byte(`"message"`)) {
		if at[0] != '"' {
			return false
		}
		at = at[1:]
		return beginsWithCode(at, '"') || len(at) > 3 && at[0] >= '1' && at[0] <= '5' && at[3] == '"'
	}
	if at := afterKey(text, `"limit_type"`); at != nil {
		for _, limit := range ownLimits {
			if bytes.HasPrefix(at, []byte(limit)) {
				return true
			}
		}
	}
	return beginsWithCode(text, ':')
}

// afterKey is the text from the value of a key on; nil without one.
func afterKey(text []byte, key string) []byte {
	at := bytes.Index(text, []byte(key))
	if at < 0 {
		return nil
	}
	rest := bytes.TrimLeft(text[at+len(key):], " \t\r\n")
	if len(rest) == 0 || rest[0] != ':' {
		return nil
	}
	if rest = bytes.TrimLeft(rest[1:], " \t\r\n"); len(rest) == 0 {
		return nil
	}
	return rest
}

// beginsWithCode reports whether a text begins with one of ownCodes and the byte
// that ends it. Codes of one word are too common to be told by themselves.
func beginsWithCode(text []byte, end byte) bool {
	for _, code := range ownCodes {
		if end == ':' && bytes.IndexByte([]byte(code), '_') < 0 {
			continue
		}
		if len(text) > len(code) && text[len(code)] == end && string(text[:len(code)]) == code {
			return true
		}
	}
	return false
}
