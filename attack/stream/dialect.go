package stream

// Dialect is the form in which an endpoint streams an answer. It is found by the names
// in the events, event by event, so that a gateway may mix them.
type Dialect uint8

// The dialects that are read; the table has what is known of each.
const (
	Unknown   Dialect = iota // any other: its events are counted, what is in them is not read
	OpenAI                   // chat and text completions: vLLM, SGLang, Databricks, most gateways
	Responses                // the OpenAI Responses API, and agents of Databricks
	ChatAgent                // MLflow's ChatAgent
	Anthropic                // Anthropic Messages
	TGI                      // Hugging Face text-generation-inference, /generate_stream
	Triton                   // NVIDIA Triton, generate_stream
	SGLang                   // SGLang's own /generate
	LlamaCpp                 // llama.cpp's own /completion
	Gemini                   // Gemini and Vertex AI, streamGenerateContent
	Cohere                   // Cohere v2 chat
	Ollama                   // Ollama's own /api/chat and /api/generate
	Bedrock                  // Amazon Bedrock's chunks of Titan, Llama, Nova and older Claude
	DSPy                     // DSPy's streaming_response, in predict_stream of Databricks
	dialects
)

// row is what is known of a dialect. An event whose type is error (event: error), or
// that has a member error or error_code which is not empty, fails in all of them; [DONE]
// ends all of them. JSON that stands for nothing (null, "", {}, []) is no output.
type row struct {
	name, output, usage, end, fails string
	// mark is the end mark that a stream without any end lacks, so that it is broken;
	// empty where a body that ends properly ends the answer.
	mark   string
	source string // of the facts
}

var table = [dialects]row{
	Unknown: {
		name:   "unknown",
		output: "not known: each event counts as a chunk",
		usage:  "usage, where an event has it",
		end:    "the end of the body",
		fails:  "as all",
		source: "WHATWG HTML, 9.2 Server-sent events; ndjson.org",
	},
	OpenAI: {
		name: "OpenAI",
		output: "choices[].delta.{content, refusal, tool_calls, audio}, choices[].text;" +
			" reasoning: delta.{reasoning_content, reasoning, thinking}",
		usage: "usage of the last event that has one: completion_tokens, prompt_tokens, *_details",
		end:   "[DONE], or a finish_reason of each choice and the end of the body",
		fails: "finish_reason abort or error; object error",
		mark:  "[DONE]",
		source: "platform.openai.com/docs/api-reference/chat-streaming; vllm/entrypoints/openai/protocol.py;" +
			" docs.databricks.com, foundation-model-apis/api-reference",
	},
	Responses: {
		name:   "OpenAI Responses",
		output: "delta of response.*.delta; response.output_item.done, where nothing of it came as deltas",
		usage:  "response.usage of response.completed: output_tokens, input_tokens, *_details",
		end:    "response.completed, response.incomplete (with its reason)",
		fails:  "response.failed, response.cancelled, error",
		mark:   "response.completed",
		source: "platform.openai.com/docs/api-reference/responses-streaming; mlflow/types/responses.py",
	},
	ChatAgent: {
		name:   "MLflow ChatAgent",
		output: "delta.content, delta.tool_calls",
		usage:  "usage",
		end:    "[DONE], finish_reason, or the end of the body",
		fails:  "finish_reason abort or error",
		source: "mlflow/types/agent.py, ChatAgentChunk",
	},
	Anthropic: {
		name:   "Anthropic Messages",
		output: "content_block_delta: delta.{text, partial_json}; reasoning: delta.thinking",
		usage: "message_start.message.usage, then message_delta.usage: output_tokens so far (the last counts)," +
			" input_tokens + cache_read_input_tokens + cache_creation_input_tokens",
		end:   "message_stop, or delta.stop_reason and the end of the body",
		fails: "event error",
		mark:  "message_stop",
		source: "docs.anthropic.com/en/api/messages-streaming; anthropic-sdk-python/types/" +
			"{raw_message_stream_event, message_delta_usage, stop_reason}.py",
	},
	TGI: {
		name:   "Hugging Face TGI",
		output: "token.text, unless token.special",
		usage:  "details.{generated_tokens, input_length} of the last event",
		end:    "generated_text that is not null, or details.finish_reason",
		fails:  "error, error_type",
		mark:   "generated_text",
		source: "text-generation-inference/router/src/lib.rs, StreamResponse, StreamDetails, ErrorResponse",
	},
	Triton: {
		name:   "Triton",
		output: "text_output",
		usage:  "not stated",
		end:    "the end of the body",
		fails:  "error",
		source: "triton-inference-server/server/docs/protocol/extension_generate.md",
	},
	SGLang: {
		name:   "SGLang",
		output: "text: the whole answer so far, or what is new with --stream-output; output_ids where there is no text",
		usage: "meta_info.{completion_tokens, prompt_tokens, cached_tokens, reasoning_tokens}" +
			" of the last event of each index",
		end:   "[DONE], or meta_info.finish_reason of each index and the end of the body",
		fails: "meta_info.finish_reason.type abort",
		mark:  "[DONE]",
		source: "sglang/python/sglang/srt/entrypoints/http_server.py, generate_request; " +
			"managers/tokenizer_manager.py",
	},
	LlamaCpp: {
		name:   "llama.cpp",
		output: "content",
		usage:  "tokens_predicted, tokens_evaluated, timings.cache_n",
		end:    "stop: true (stop_type says why)",
		fails:  "an event field of the name error",
		mark:   "stop: true",
		source: "llama.cpp/tools/server/server-task.cpp, to_json_non_oaicompat;" +
			" tools/server/README.md, POST /completion",
	},
	Gemini: {
		name: "Gemini",
		output: "candidates[].content.parts[].{text, functionCall, executableCode, inlineData};" +
			" thought: true is a summary of reasoning",
		usage: "usageMetadata of the last event: candidatesTokenCount + thoughtsTokenCount, promptTokenCount," +
			" cachedContentTokenCount",
		end:    "finishReason of each candidate, or promptFeedback.blockReason, and the end of the body",
		fails:  "error",
		mark:   "finishReason",
		source: "ai.google.dev/api/generate-content, GenerateContentResponse; ai.google.dev/gemini-api/docs/thinking",
	},
	Cohere: {
		name:   "Cohere v2",
		output: "delta.message.{content.text, tool_calls}; reasoning: content.thinking, tool_plan",
		usage:  "message-end: delta.usage.tokens.{output_tokens, input_tokens}, else billed_units; cached_tokens",
		end:    "message-end",
		fails:  "delta.error, finish_reason ERROR or TIMEOUT",
		mark:   "message-end",
		source: "cohere-python/src/cohere/types/{v2chat_stream_response, usage, chat_finish_reason," +
			" chat_message_end_event_delta}.py",
	},
	Ollama: {
		name:   "Ollama",
		output: "message.{content, tool_calls}, response; reasoning: thinking",
		usage:  "eval_count, prompt_eval_count of the last line",
		end:    "done: true (done_reason says why)",
		fails:  "error",
		mark:   "done: true",
		source: "ollama/docs/api.md; ollama/api/types.go, ChatResponse, GenerateResponse",
	},
	Bedrock: {
		name:   "Amazon Bedrock",
		output: "outputText, generation, completion, contentBlockDelta.delta.text",
		usage: "amazon-bedrock-invocationMetrics.{outputTokenCount, inputTokenCount}, generation_token_count," +
			" metadata.usage",
		end:   "completionReason, stop_reason, messageStop",
		fails: "as all",
		mark:  "stop reason",
		source: "docs.aws.amazon.com/bedrock/latest/userguide, model-parameters-{titan-text, meta, claude};" +
			" nova/latest/userguide, using-invoke-api",
	},
	DSPy: {
		name:   "DSPy",
		output: "chunk; reasoning: that of a signature_field_name reasoning; prediction, where no chunk came",
		usage:  "not stated",
		end:    "[DONE], or the end of the body",
		fails:  "as all",
		source: "dspy/streaming/streamify.py, streaming_response; dspy/streaming/messages.py, StreamResponse",
	},
}

// String is the dialect's name: Anthropic Messages.
func (d Dialect) String() string { return table[d].name }

// Mark is the end mark that a stream of the dialect lacks when it is broken.
func (d Dialect) Mark() string { return table[d].mark }
