// Command conformance asks the libraries inside other tools what they make of our objects.
//
// It reads one request as JSON from standard input and answers as JSON on standard output:
//
//	health   what kstatus, health.lua as Argo CD runs it and Flux's expressions say of an object
//	discover which actions discovery.lua offers for an object
//	act      the object after an action
//	diff     what Argo CD's differ says: three-way, structured merge and server-side
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// object is a Kubernetes object as JSON has it.
type object = map[string]any

// request is one question; which members count depends on Ask.
type request struct {
	Ask        string            `json:"ask"`
	Object     object            `json:"object"`
	Script     string            `json:"script"`
	Parameters map[string]string `json:"parameters"`
	Current    string            `json:"current"`
	Failed     string            `json:"failed"`
	Config     object            `json:"config"`
	Predicted  object            `json:"predicted"`
	OpenAPI    object            `json:"openapi"`
	Manager    string            `json:"manager"`
}

func main() {
	var requests []request
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		fmt.Fprintln(os.Stderr, "the requests cannot be read:", err)
		os.Exit(2)
	}
	answers := make([]any, 0, len(requests))
	for _, asked := range requests {
		answer, err := answer(asked)
		if err != nil {
			answer = object{"error": err.Error()}
		}
		answers = append(answers, answer)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func answer(asked request) (any, error) {
	whole(asked.Object)
	whole(asked.Config)
	whole(asked.Predicted)
	switch asked.Ask {
	case "health":
		return judged(asked)
	case "discover":
		return offered(asked)
	case "act":
		return acted(asked)
	case "diff":
		return differs(asked)
	}
	return nil, fmt.Errorf("nothing is known of %q", asked.Ask)
}

// whole turns whole numbers into int64, as the Kubernetes libraries have them.
func whole(value any) any {
	switch found := value.(type) {
	case map[string]any:
		for name, inner := range found {
			found[name] = whole(inner)
		}
	case []any:
		for at, inner := range found {
			found[at] = whole(inner)
		}
	case float64:
		if found == float64(int64(found)) {
			return int64(found)
		}
	}
	return value
}
