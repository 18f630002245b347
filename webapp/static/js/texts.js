// The words of the page come from the template, translated. Scripts fill their placeholders: "{position} of {total}".

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
