package payloads_test

import (
	"fmt"
	"log"
	"strings"

	"brunt/payloads"
)

// A set gives the body of each request by the request's number; after the last
// body of a file it begins again.
func ExampleOpen() {
	specs := []payloads.Spec{{Path: "-", Weight: 1}}
	lines := strings.NewReader("{\"inputs\":[1]}\n{\"inputs\":[2]}\n")
	set, err := payloads.Open(specs, payloads.Options{Stdin: lines})
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	for i := range uint64(3) {
		fmt.Printf("%s from %s\n", set.At(i).Body, set.Where(i))
	}
	// Output:
	// {"inputs":[1]} from standard input:1
	// {"inputs":[2]} from standard input:2
	// {"inputs":[1]} from standard input:1
}
