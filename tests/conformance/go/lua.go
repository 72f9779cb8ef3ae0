package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// runLua runs a script in what Argo CD gives a customization: base, package and table, an `os` that knows the time
// and nothing else, the object as `obj`, one second.
func runLua(found object, script string, parameters map[string]string) (any, error) {
	machine := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer machine.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		call := lua.P{Fn: machine.NewFunction(open), NRet: 0, Protect: true}
		if err := machine.CallByParam(call, lua.LString(name)); err != nil {
			return nil, err
		}
	}
	if err := onlyTime(machine); err != nil {
		return nil, err
	}
	limit, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	machine.SetContext(limit)
	machine.SetGlobal("obj", toLua(machine, found))
	given := machine.NewTable()
	for name, value := range parameters {
		given.RawSetString(name, lua.LString(value))
	}
	machine.SetGlobal("actionParams", given)
	if err := machine.DoString(script); err != nil {
		return nil, err
	}
	table, ok := machine.Get(-1).(*lua.LTable)
	if !ok {
		return nil, errors.New("the script returns no table")
	}
	return fromLua(table)
}

// onlyTime gives `os.date` and `os.time`, by name and by require.
func onlyTime(machine *lua.LState) error {
	whole := lua.NewState()
	defer whole.Close()
	known, ok := whole.GetGlobal(lua.OsLibName).(*lua.LTable)
	if !ok {
		return errors.New("the VM has no os")
	}
	safe := machine.NewTable()
	for _, name := range []string{"date", "time"} {
		function, ok := known.RawGetString(name).(*lua.LFunction)
		if !ok {
			return fmt.Errorf("the VM has no os.%s", name)
		}
		safe.RawSetString(name, machine.NewFunction(function.GFunction))
	}
	machine.SetGlobal(lua.OsLibName, safe)
	machine.PreloadModule(lua.OsLibName, func(machine *lua.LState) int {
		machine.Push(safe)
		return 1
	})
	return nil
}

func toLua(machine *lua.LState, value any) lua.LValue {
	switch found := value.(type) {
	case bool:
		return lua.LBool(found)
	case string:
		return lua.LString(found)
	case int64:
		return lua.LNumber(found)
	case float64:
		return lua.LNumber(found)
	case []any:
		list := machine.NewTable()
		for _, inner := range found {
			list.Append(toLua(machine, inner))
		}
		return list
	case map[string]any:
		table := machine.NewTable()
		for name, inner := range found {
			table.RawSetString(name, toLua(machine, inner))
		}
		return table
	}
	return lua.LNil
}

// fromLua turns a value back. A table without anything is a list: Lua does not know better.
func fromLua(value lua.LValue) (any, error) {
	switch found := value.(type) {
	case lua.LBool:
		return bool(found), nil
	case lua.LString:
		return string(found), nil
	case lua.LNumber:
		return whole(float64(found)), nil
	case *lua.LTable:
		return fromTable(found)
	case *lua.LNilType:
		return nil, nil
	}
	return nil, fmt.Errorf("a %s has no JSON", value.Type())
}

func fromTable(table *lua.LTable) (any, error) {
	var failed error
	named, list := map[string]any{}, []any{}
	table.ForEach(func(key, value lua.LValue) {
		inner, err := fromLua(value)
		if err != nil {
			failed = err
		}
		if name, ok := key.(lua.LString); ok {
			named[string(name)] = inner
		} else {
			list = append(list, inner)
		}
	})
	switch {
	case failed != nil:
		return nil, failed
	case len(named) > 0 && len(list) > 0:
		return nil, errors.New("a table is a list and a map at once")
	case len(named) > 0:
		return named, nil
	}
	return list, nil
}
