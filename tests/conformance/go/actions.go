package main

import (
	"fmt"
	"sort"
)

// offered lists the actions for an object: a name each, with what the script says of it.
func offered(asked request) (any, error) {
	result, err := runLua(asked.Object, asked.Script, nil)
	if err != nil {
		return nil, err
	}
	actions, ok := result.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a map of actions is expected, not %T", result)
	}
	names := make([]string, 0, len(actions))
	for name := range actions {
		names = append(names, name)
	}
	sort.Strings(names)
	list := make([]any, 0, len(names))
	for _, name := range names {
		action := object{"name": name, "disabled": false}
		if told, ok := actions[name].(map[string]any); ok {
			for member, value := range told {
				action[member] = value
			}
		}
		list = append(list, action)
	}
	return list, nil
}

// acted gives the object after an action, with what Lua made of empty maps put right.
func acted(asked request) (any, error) {
	result, err := runLua(asked.Object, asked.Script, asked.Parameters)
	if err != nil {
		return nil, err
	}
	changed, ok := result.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("an object is expected, not %T", result)
	}
	return mended(changed, asked.Object), nil
}

// mended puts back maps that came out of Lua as empty lists. An empty list where a map was is taken for that map as
// it was: so the last entry of a map cannot be removed by an action.
func mended(changed, was any) any {
	switch found := changed.(type) {
	case map[string]any:
		if before, ok := was.(map[string]any); ok {
			for name, inner := range found {
				found[name] = mended(inner, before[name])
			}
		}
	case []any:
		if before, ok := was.(map[string]any); ok && len(found) == 0 {
			return before
		}
		if before, ok := was.([]any); ok {
			for at, inner := range found {
				if at < len(before) {
					found[at] = mended(inner, before[at])
				}
			}
		}
	}
	return changed
}
