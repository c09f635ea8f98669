// What Streamlit gives to the script of a component, on every answer.

export interface Component<Data> {
  key: string;
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  /** Tell Python a new value of this name, which runs the page. */
  setStateValue(name: string, value: unknown): void;
}

/** The default export of a component's script: draws, and returns what to do once the component leaves the page. */
export type Draw<Data> = (component: Component<Data>) => (() => void) | void;
