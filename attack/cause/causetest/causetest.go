package causetest

import (
	"regexp"
	"strings"
)

// DatabricksWords are those that only someone with an endpoint at Databricks has
// a use for.
var DatabricksWords = regexp.MustCompile(`(?i)databricks|workspace|can query|provisioned|scale-to-zero|scaled to zero|route.optimi|ai gateway|signature|agents|297|endpoint's (page|name)|endpoints|support|oauth|replica|max_tokens is reserved`)

// NginxPage is the page that nginx has for a status.
func NginxPage(title string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx/1.26.3</center>\r\n</body>\r\n</html>\r\n"
}

// Refused is a reply that an endpoint may give, and what is to be made of it.
type Refused struct {
	Status  int
	Body    string
	Cause   string
	Message string
}

// Refusals are replies in all shapes that Model Serving, and what stands before
// it, answer in.
var Refusals = []Refused{
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity."}`,
		"rate_limited_concurrency", "Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity."},
	{429, `{"error": "Too many concurrent requests. Consider increasing the provisioned concurrency."}`,
		"rate_limited_concurrency", "Too many concurrent requests. Consider increasing the provisioned concurrency."},
	{429, "REQUEST_LIMIT_EXCEEDED: Exceeded max number of parallel requests. Please contact your Databricks representative.",
		"rate_limited_workspace", "REQUEST_LIMIT_EXCEEDED: Exceeded max number of parallel requests. Please contact your Databricks representative."},
	{429, `{"error_code": "RESOURCE_EXHAUSTED", "message": "Exceeded max number of parallel requests for this workspace."}`,
		"rate_limited_workspace", "Exceeded max number of parallel requests for this workspace."},
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: Exceeded workspace input tokens per minute rate limit for databricks-llama"}`,
		"rate_limited_tokens", "Exceeded workspace input tokens per minute rate limit for databricks-llama"},
	{429, `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","code":429,"limit_type":"ITPM","limit":200000,"current":200150,"retry_after":12}}`,
		"rate_limited_tokens", "Too Many Requests (ITPM, retry after 12 s)"},
	{429, `{"error":{"message":"Rate limit exceeded","type":"rate_limit_exceeded","code":"429","limit_type":"output_tokens_per_minute","retry_after":"3"}}`,
		"rate_limited_tokens", "Rate limit exceeded (output_tokens_per_minute, retry after 3 s)"},
	{429, `{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","code":429,"limit_type":"QPH","retry_after":1800}}`,
		"rate_limited_requests", "Too Many Requests (QPH, retry after 1800 s)"},
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Exceeded workspace rate limit of 360 requests per hour."}`,
		"rate_limited_requests", "Exceeded workspace rate limit of 360 requests per hour."},
	{429, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"REQUEST_LIMIT_EXCEEDED: User defined rate limit(s) exceeded for endpoint x: Requests-per-minute (RPM) limit of 10"}`,
		"rate_limited_gateway", "User defined rate limit(s) exceeded for endpoint x: Requests-per-minute (RPM) limit of 10"},
	{429, "", "rate_limited", ""},
	{429, "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body></body></html>", "rate_limited", "429 Too Many Requests"},

	{400, `{"error_code": "BAD_REQUEST", "message": "Failed to parse input as a DataFrame. Ensure that the input is a valid DataFrame: missing column 'a'. Traceback …"}`,
		"bad_input", "Failed to parse input as a DataFrame. Ensure that the input is a valid DataFrame: missing column 'a'. Traceback …"},
	{400, `{"error_code":"BAD_REQUEST","message":"Failed to predict data. Error: Failed to enforce schema of data '…' with schema '['a': double (required)]'. Exception: …"}`,
		"bad_input", "Failed to predict data. Error: Failed to enforce schema of data '…' with schema '['a': double (required)]'. Exception: …"},
	{400, `{"error_code":"BAD_REQUEST","message":"Encountered an unexpected error while evaluating the model. Verify that the input is compatible with the model for inference. Error ''NoneType' object'"}`,
		"model_error", "Encountered an unexpected error while evaluating the model. Verify that the input is compatible with the model for inference. Error ''NoneType' object'"},
	{400, `{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
		"context_exceeded", "This model's maximum context length is 8192 tokens. However, you requested 9000."},
	{400, "?", "bad_request", "?"},
	{422, `{"detail":[{"loc":["body"],"msg":"field required"}]}`, "bad_input", `{"detail":[{"loc":["body"],"msg":"field required"}]}`},
	{413, `{"error_code":"REQUEST_TOO_LARGE","message":"The request body is larger than the limit of 16 MB."}`, "too_large", "The request body is larger than the limit of 16 MB."},
	{400, `{"error_code":"BAD_REQUEST","message":"Request size cannot exceed 16777216 bytes."}`, "too_large", "Request size cannot exceed 16777216 bytes."},
	{413, "<html><head><title>413 Request Entity Too Large</title></head></html>", "too_large", "413 Request Entity Too Large"},

	{401, `{"error_code":"401","message":"Credential was not sent or was of an unsupported type for this API."}`, "credentials", "Credential was not sent or was of an unsupported type for this API."},
	{403, `{"error_code":"403","message":"Invalid access token. [ReqId: 0d2f]"}`, "credentials", "Invalid access token. [ReqId: 0d2f]"},
	{403, "Invalid access token.", "credentials", "Invalid access token."},
	{401, `{"error_code":"401","message":"Invalid Token: Bearer dapi0123456789abcdef0123456789abcdef-2"}`, "credentials", "Invalid Token: ***"},
	{403, `{"error_code":"PERMISSION_DENIED","message":"You do not have permission to query the endpoint."}`, "no_permission", "You do not have permission to query the endpoint."},
	{403, `{"error_code":"403","message":"Unauthorized network access to workspace: 123. Source IP address: 192.0.2.1 is blocked by Databricks IP ACL for workspace: 123"}`,
		"address_refused", "Unauthorized network access to workspace: 123. Source IP address: 192.0.2.1 is blocked by Databricks IP ACL for workspace: 123"},
	{404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Endpoint with name 'x' does not exist."}`, "not_found", "Endpoint with name 'x' does not exist."},
	{404, `{"error_code":"ENDPOINT_NOT_FOUND","message":"The given endpoint does not exist, please retry after checking the specified model and version deployment exists."}`,
		"not_found", "The given endpoint does not exist, please retry after checking the specified model and version deployment exists."},
	{405, "", "wrong_method", ""},
	{302, "", "redirect", ""},

	{503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure", "unavailable", "upstream connect error or disconnect/reset before headers. reset reason: connection failure"},
	{503, "no healthy upstream", "cold_start", "no healthy upstream"},
	{503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"The endpoint is scaled to zero and is starting up."}`, "cold_start", "The endpoint is scaled to zero and is starting up."},
	{503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"The service at /x is temporarily unavailable."}`, "unavailable", "The service at /x is temporarily unavailable."},
	{504, "upstream request timeout", "gateway_timeout", "upstream request timeout"},
	{504, "<html><head><title>504 Gateway Time-out</title></head>", "gateway_timeout", "504 Gateway Time-out"},
	{504, `{"error_code":"DEADLINE_EXCEEDED","message":"Timed out after 297 s."}`, "gateway_timeout", "Timed out after 297 s."},
	{503, `{"message":"upstream request timeout"}`, "gateway_timeout", "upstream request timeout"},
	{502, "<HTML><TITLE>502 Bad Gateway</TITLE></HTML>", "bad_gateway", "502 Bad Gateway"},
	{500, `{"error_code":"INTERNAL_ERROR","message":"Traceback (most recent call last): …"}`, "model_error", "Traceback (most recent call last): …"},
	{500, `{"error_code":"INTERNAL_ERROR","message":""}`, "server_error", "INTERNAL_ERROR"},
	{500, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\xcb", "server_error", "a body that is no text"},
	{500, "null", "server_error", "null"},
	{529, "", "server_error", ""},
	{418, `{"error_code":"TEAPOT","message":"short and stout"}`, "", "short and stout"},

	// The sample ends within the message.
	{400, `{"error_code":"BAD_REQUEST","message":"Failed to parse input: \"` + strings.Repeat("a", 600), "bad_input", `Failed to parse input: "` + strings.Repeat("a", 176) + "…"},
	{429, `{"error":{"type":"rate_limit_exceeded","limit_type":"OTPM","message":"` + strings.Repeat("é", 300), "rate_limited_tokens", strings.Repeat("é", 100) + "… (OTPM)"},
}
