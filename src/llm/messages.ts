import { fieldsOf, type Fields, listOf, textOf, written } from './json.js';

export interface Part {
  readonly kind: 'text' | 'thinking' | 'call' | 'result' | 'other';
  /** What was said; the arguments of a call as JSON. */
  text: string;
  /** Of the tool. */
  name?: string;
  id?: string;
  failed?: true;
}

export interface Message {
  readonly role: string;
  readonly parts: readonly Part[];
}

/** What was asked, in the words of whichever API. */
export function askedIn(request: Fields): Message[] {
  const messages: Message[] = [];
  const add = (role: string, content: unknown): void => {
    const parts = partsOf(content);
    if (parts.length > 0) messages.push({ role, parts });
  };
  for (const system of [request.system, request.instructions, request.systemInstruction, request.system_instruction])
    add('system', system);
  const asked = request.messages ?? request.input ?? request.contents ?? request.prompt ?? request.inputText;
  for (const one of Array.isArray(asked) ? (asked as unknown[]) : [asked]) {
    const { role } = fieldsOf(one);
    const parts = messageParts(one);
    if (parts.length > 0) messages.push({ role: textOf(role) ?? roleOf(parts[0]), parts });
  }
  return messages;
}

function roleOf({ kind }: Part): string {
  return kind === 'result' ? 'tool' : kind === 'call' || kind === 'thinking' ? 'assistant' : 'user';
}

function messageParts(message: unknown): Part[] {
  const fields = fieldsOf(message);
  const { role, content, parts, tool_calls, tool_call_id, tool_name, name, thinking, reasoning_content, images } =
    fields;
  if (role === 'tool' || role === 'function') {
    const text = partsOf(content)
      .map(({ text: said }) => said)
      .join('\n');
    return [resultPart(text, tool_call_id, tool_name ?? name)];
  }
  if (role === undefined && parts === undefined && fields.type !== 'message') return partsOf(message);
  const thought = textOf(thinking ?? reasoning_content);
  return [
    ...(thought === undefined ? [] : [{ kind: 'thinking' as const, text: thought }]),
    ...partsOf(content ?? parts),
    ...listOf(tool_calls).flatMap(partOf),
    ...listOf(images).map(() => ({ kind: 'other' as const, text: 'image' })),
  ];
}

/** A text, a part or a list of them. */
export function partsOf(content: unknown): Part[] {
  if (Array.isArray(content)) return content.flatMap(partOf);
  return partOf(content);
}

export function callPart(text: unknown, name: unknown, id?: unknown): Part {
  return {
    kind: 'call',
    text: text === undefined ? '{}' : written(text),
    name: textOf(name) ?? '?',
    ...(textOf(id) && { id: textOf(id) }),
  };
}

function resultPart(text: string, id: unknown, name?: unknown): Part {
  return { kind: 'result', text, ...(textOf(name) && { name: textOf(name) }), ...(textOf(id) && { id: textOf(id) }) };
}

/** The keys of the APIs do not clash, so one function reads the parts of all. */
function partOf(value: unknown): Part[] {
  if (typeof value === 'string') return value === '' ? [] : [{ kind: 'text', text: value }];
  const part = fieldsOf(value);
  const { type, text } = part;
  if (Array.isArray(part.parts)) return partsOf(part.parts);
  if (type === 'message') return partsOf(part.content);
  return toolParts(part) ?? thoughts(part) ?? (typeof text === 'string' ? [{ kind: 'text', text }] : others(part));
}

function toolParts(part: Fields): Part[] | undefined {
  const { type } = part;
  if (type === 'tool_use' || type === 'server_tool_use' || type === 'mcp_tool_use')
    return [callPart(part.input, part.name, part.id)];
  if (type === 'function_call' || type === 'custom_tool_call')
    return [callPart(part.arguments ?? part.input, part.name, part.call_id)];
  if ('functionCall' in part) return [callOf(part.functionCall)];
  if ('toolUse' in part) return [callOf(part.toolUse)];
  if (typeof part.function === 'object') return [callOf(part.function, part.id)];
  if (type === 'function_call_output' || type === 'custom_tool_call_output')
    return [resultPart(plain(part.output), part.call_id)];
  if (typeof type === 'string' && type.endsWith('tool_result'))
    return [failing(resultPart(plain(part.content), part.tool_use_id), part.is_error === true)];
  if ('functionResponse' in part) {
    const { id, name, response } = fieldsOf(part.functionResponse);
    return [resultPart(written(response), id, name)];
  }
  if ('toolResult' in part) {
    const { toolUseId, content, status } = fieldsOf(part.toolResult);
    return [failing(resultPart(plain(content), toolUseId), status === 'error')];
  }
  return undefined;
}

function callOf(value: unknown, id?: unknown): Part {
  const call = fieldsOf(value);
  return callPart(call.arguments ?? call.args ?? call.input, call.name, id ?? call.id ?? call.toolUseId);
}

function failing(part: Part, failed: boolean): Part {
  return failed ? { ...part, failed } : part;
}

function thoughts(part: Fields): Part[] | undefined {
  const inner = fieldsOf(fieldsOf(part.reasoningContent).reasoningText);
  const text =
    part.type === 'thinking'
      ? part.thinking
      : part.type === 'reasoning'
        ? plain([...listOf(part.summary), ...listOf(part.content)])
        : part.thought === true
          ? part.text
          : inner.text;
  if (typeof text === 'string') return text === '' ? [] : [{ kind: 'thinking', text }];
  return undefined;
}

function others(part: Fields): Part[] {
  const { type, refusal } = part;
  if (typeof refusal === 'string') return [{ kind: 'text', text: refusal }];
  const [key] = Object.keys(part);
  if (key === undefined) return [];
  if ('json' in part) return [{ kind: 'text', text: written(part.json) }];
  const data = fieldsOf(part.source ?? part.inlineData ?? part.image ?? part[key]);
  const media = textOf(data.media_type ?? data.mimeType ?? data.format);
  return [{ kind: 'other', text: [textOf(type) ?? key, media].filter(Boolean).join(' ') }];
}

/** What a tool returned, as text. */
function plain(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = partsOf(content);
  return parts.length === 0
    ? written(content ?? '')
    : parts.map(({ kind, text }) => (kind === 'other' ? `[${text}]` : text)).join('\n');
}
