// The link into the address bar, in place: no step is added to the browser's history.

export default function ({ data }) {
  const address = new URL(window.location.href);
  if (data.link) address.searchParams.set(data.parameter, data.link);
  else address.searchParams.delete(data.parameter);
  if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address);
}
