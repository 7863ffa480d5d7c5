package mock

import (
	"github.com/go-json-experiment/json/jsontext"
	"github.com/valyala/fasthttp"
)

// refusal is a reply that is no answer, in the form that most of the platform
// uses: {"error_code":…,"message":…}.
type refusal struct {
	status int
	body   []byte
}

func newRefusal(status int, code, message string) refusal {
	body := []byte(`{"error_code":"` + code + `","message":`)
	// Bytes that are no UTF-8 come out as the replacement character; the error
	// says no more than that.
	body, _ = jsontext.AppendQuote(body, message)
	return refusal{status: status, body: append(body, '}')}
}

// write leaves the body where it is: nothing ever changes it.
func (r *refusal) write(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(r.status)
	ctx.Response.SetBodyRaw(r.body)
}

var (
	queueFull = newRefusal(429, "REQUEST_LIMIT_EXCEEDED",
		"Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity.")
	rateLimited = newRefusal(429, "REQUEST_LIMIT_EXCEEDED",
		"REQUEST_LIMIT_EXCEEDED: Exceeded the queries per second rate limit of the endpoint.")
	tooLarge = newRefusal(413, "REQUEST_TOO_LARGE",
		"The request body is larger than the limit of 16 MB.")
	notPost = newRefusal(405, "METHOD_NOT_ALLOWED",
		"An endpoint is invoked by POST.")
	notGet = newRefusal(405, "METHOD_NOT_ALLOWED",
		"The details of an endpoint can only be read, by GET.")
	headerTooLarge = newRefusal(431, "BAD_REQUEST",
		"The request header is larger than the limit of 8 kB.")
	malformed = newRefusal(400, "BAD_REQUEST",
		"The request is not well-formed HTTP.")
	shuttingDown = newRefusal(503, "TEMPORARILY_UNAVAILABLE",
		"The endpoint is shutting down.")
)

func unreadable(err error) refusal {
	return newRefusal(400, "BAD_REQUEST", "Failed to parse input: "+err.Error())
}

func noEndpoint(name string) refusal {
	return newRefusal(404, "ENDPOINT_NOT_FOUND",
		"The endpoint '"+name+"' does not exist. Check its name and the workspace.")
}

func noDetails(name string) refusal {
	return newRefusal(404, "RESOURCE_DOES_NOT_EXIST", "Endpoint with name '"+name+"' does not exist.")
}

func noPath(path string) refusal {
	return newRefusal(404, "RESOURCE_DOES_NOT_EXIST", "There is nothing at '"+path[:min(len(path), 200)]+"'.")
}

// modelFailure is what the model answers when it is made to fail. The codes
// are those that the platform's SDK knows for the status.
func modelFailure(status int) refusal {
	code := "INTERNAL_ERROR"
	switch {
	case status == 401:
		code = "UNAUTHENTICATED"
	case status == 403:
		code = "PERMISSION_DENIED"
	case status == 404:
		code = "RESOURCE_DOES_NOT_EXIST"
	case status == 429:
		code = "REQUEST_LIMIT_EXCEEDED"
	case status < 500:
		code = "BAD_REQUEST"
	case status == 503:
		code = "TEMPORARILY_UNAVAILABLE"
	case status == 504:
		code = "DEADLINE_EXCEEDED"
	}
	return newRefusal(status, code, "The model failed, as the mock endpoint was told to for a share of requests.")
}
