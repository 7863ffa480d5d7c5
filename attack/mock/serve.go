package mock

import (
	"context"
	"fmt"
	"io"
)

// Serve runs an endpoint until the context ends, and says at which URL it is
// once it listens.
func Serve(ctx context.Context, c Config, listen string, say io.Writer) error {
	server, err := Start(c, listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "listening on %s\n", server.URL())
	<-ctx.Done()
	return server.Close()
}
