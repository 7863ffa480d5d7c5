package mock

// ExampleBody is a body that the endpoint accepts, for runs that name none.
const ExampleBody = `{"inputs":[[1,2,3]]}`
