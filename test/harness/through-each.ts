/** The same object, each of whose methods is called through `around`. */
export function throughEach<T extends object>(
  target: T,
  around: (method: string, call: () => unknown) => unknown,
): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown =>
        around(String(name), () => Reflect.apply(value, object, parameters) as unknown);
    },
  });
}
