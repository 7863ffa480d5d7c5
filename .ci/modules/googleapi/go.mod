// What the Databricks SDK uses of google.golang.org/api, which brings gRPC, protobuf and
// OpenTelemetry along: a tenth of the program, for two requests.
module google.golang.org/api

go 1.26.0

require golang.org/x/oauth2 v0.37.0

require cloud.google.com/go/compute/metadata v0.3.0 // indirect
