// The page's words, in English and Chinese. Elements name theirs: data-t (text), data-t-label (aria-label), data-t-placeholder.

const English = {
  skip: 'Skip to the conversation', conversations: 'Conversations', 'new': 'New conversation', ask: 'Ask', stop: 'Stop', compare: 'Compare', library: 'Library', evaluations: 'Evaluations ↗',
  close: 'Close', 'answer-with': 'Answer with', question: 'Question', placeholder: 'Ask the documents a question…', 'choose-arms': 'Choose two to four',
  light: 'Light', dark: 'Dark', auto: 'System', theme: 'Colours: {0}', language: '中文', rename: 'Rename', 'delete': 'Delete', 'export': 'Export', 'really-delete': 'Really delete?', more: 'More about {0}',
  'title-of': 'Title', save: 'Save', cancel: 'Cancel', none: 'Nothing yet', 'no-server': 'The server does not answer. Is it still running?',
  'hint-quote': 'The best passages of “{1}”, word for word. No language model.', 'hint-corpus': '{0} answers from “{1}”: a quote first, then only what the quotes support.',
  'hint-adapter': ' Tuned by “{0}”.', 'hint-alone': '{0} alone, without documents: it may be wrong, and cites nothing.', 'quote-alone': 'Quote alone', 'without-documents': 'no documents',
  'hello': 'Answers you can check', 'hello-text': 'Every answer starts with a quote. Click its number to see the page it comes from.', 'hello-empty': 'Start by adding documents: drop PDF, Word, HTML or text files anywhere on this page.', 'add-documents': 'Add documents',
  'documents-pages': '{0} {0?document|documents} · {1} {1?page|pages}', thinking: 'Searching the documents…', 'thinking-alone': 'Thinking…', stopped: 'Stopped.', refused: 'Not in the documents', sources: 'Sources', page: 'page {0}', printed: 'printed {0}',
  'first-after': 'first words after {0} s', took: '{0} s', tokens: '{0} {0?token|tokens}', copy: 'Copy', copied: 'Copied', 'ask-again': 'Ask again', 'open-page': 'Source {0}: {1}, page {2}. Open the page.',
  'compare-title': 'Compare', 'compare-hello': 'One question, several answers', 'compare-text': 'Choose two to four ways to answer and ask them side by side: with and without documents, with and without an adapter.', 'compare-count': 'Choose two to four ({0} chosen)',
  viewer: 'Page', previous: 'Previous page', next: 'Next page', original: 'Open original', 'of-pages': 'Page {0} of {1}', 'drawn': 'Redrawn from the text of the index; pictures and rules are left out.', larger: 'Larger', smaller: 'Smaller', 'page-picture': 'Page {0} of {1}', loading: 'Loading…',
  corpora: 'Corpora', documents: 'Documents', adapters: 'Adapters', trainings: 'Trainings', reports: 'Evaluation reports', 'reports-text': 'Questions with known answers, measured: how often the right page is found and the answer is right.', 'reports-open': 'Open the reports',
  name: 'Name', base: 'Base', rank: 'Rank', perplexity: 'Perplexity', method: 'Method', pages: 'Pages', passages: 'Passages', added: 'Added', tags: 'Tags', 'delete-document': 'Take “{0}” out of the corpus? Its file moves to .domaintuning/removed.',
  'no-adapters': 'No adapters yet. Train one: domaintuning train {0}', 'no-trainings': 'No trainings yet.', 'no-documents': 'No documents yet.', 'new-corpus': 'New corpus…', 'into': 'Into', 'corpus-name': 'Name of the corpus', choose: 'Choose files', 'drop-here': 'Drop PDF, Word, HTML, Markdown or text files here', drop: 'Drop the files to add them',
  'step-of': 'step {0} of {1}', 'left': '{0} left', 'before-after': '{0} → {1}', running: 'running', finished: 'finished', failed: 'failed', interrupted: 'interrupted', started: 'started', loss: 'loss {0}', 'best-step': 'best at step {0}',
  uploading: 'Sending…', 'upload-progress': '{0} of {1} {1?file|files} · {2} {2?page|pages}', 'upload-done': '{0} added, {1} not', key: 'This server needs an API key', 'key-text': 'The key is kept in a cookie that scripts cannot read.', 'enter': 'Enter', dismiss: 'Dismiss',
  'v-added': 'added', 'v-replaced': 'replaced', 'v-unchanged': 'unchanged', 'v-partial': 'partly read', 'v-needs_ocr': 'needs OCR', 'v-encrypted': 'encrypted', 'v-broken': 'broken', 'v-empty': 'empty', 'v-unsupported': 'not supported', 'v-renamed': 'renamed',
};

const Chinese = {
  skip: '跳到对话', conversations: '对话', 'new': '新对话', ask: '提问', stop: '停止', compare: '对比', library: '资料库', evaluations: '评测 ↗',
  close: '关闭', 'answer-with': '回答方式', question: '问题', placeholder: '向文档提问…', 'choose-arms': '请选择两到四项',
  light: '浅色', dark: '深色', auto: '跟随系统', theme: '配色：{0}', language: 'English', rename: '重命名', 'delete': '删除', 'export': '导出', 'really-delete': '确定删除？', more: '“{0}”的更多操作',
  'title-of': '标题', save: '保存', cancel: '取消', none: '暂无', 'no-server': '服务器没有响应，它还在运行吗？',
  'hint-quote': '逐字引用“{1}”中最相关的段落，不经过语言模型。', 'hint-corpus': '{0} 依据“{1}”回答：先给原文，再给原文能支持的内容。',
  'hint-adapter': '已用“{0}”微调。', 'hint-alone': '{0} 单独回答，不查文档：可能有误，且没有出处。', 'quote-alone': '仅引用原文', 'without-documents': '不查文档',
  'hello': '可以核对的回答', 'hello-text': '每个回答都以原文开头。点击编号即可查看出处所在的页面。', 'hello-empty': '先添加文档：把 PDF、Word、HTML 或文本文件拖到本页任意位置。', 'add-documents': '添加文档',
  'documents-pages': '{0} 份文档 · {1} 页', thinking: '正在检索文档…', 'thinking-alone': '正在思考…', stopped: '已停止。', refused: '文档中没有答案', sources: '出处', page: '第 {0} 页', printed: '印刷页码 {0}',
  'first-after': '{0} 秒后开始回答', took: '共 {0} 秒', tokens: '{0} 个词元', copy: '复制', copied: '已复制', 'ask-again': '再问一次', 'open-page': '出处 {0}：{1}，第 {2} 页。打开该页。',
  'compare-title': '对比', 'compare-hello': '一个问题，多个回答', 'compare-text': '选择两到四种回答方式并排比较：查或不查文档，用或不用适配器。', 'compare-count': '请选择两到四项（已选 {0} 项）',
  viewer: '页面', previous: '上一页', next: '下一页', original: '打开原文件', 'of-pages': '第 {0} 页，共 {1} 页', 'drawn': '根据索引中的文字重绘，不含图片和线条。', larger: '放大', smaller: '缩小', 'page-picture': '{1} 第 {0} 页', loading: '加载中…',
  corpora: '语料库', documents: '文档', adapters: '适配器', trainings: '训练', reports: '评测报告', 'reports-text': '用有标准答案的问题测量：多大比例找到正确页面、回答正确。', 'reports-open': '打开报告',
  name: '名称', base: '基座模型', rank: '秩', perplexity: '困惑度', method: '方法', pages: '页数', passages: '段落', added: '添加时间', tags: '标签', 'delete-document': '从语料库移除“{0}”？文件会移到 .domaintuning/removed。',
  'no-adapters': '还没有适配器。训练一个：domaintuning train {0}', 'no-trainings': '还没有训练。', 'no-documents': '还没有文档。', 'new-corpus': '新语料库…', 'into': '加入', 'corpus-name': '语料库名称', choose: '选择文件', 'drop-here': '把 PDF、Word、HTML、Markdown 或文本文件拖到这里', drop: '松开鼠标即可添加文件',
  'step-of': '第 {0} 步，共 {1} 步', 'left': '还需 {0}', 'before-after': '{0} → {1}', running: '进行中', finished: '已完成', failed: '失败', interrupted: '已中断', started: '已开始', loss: '损失 {0}', 'best-step': '第 {0} 步最佳',
  uploading: '正在发送…', 'upload-progress': '{0}/{1} 个文件 · {2} 页', 'upload-done': '已添加 {0} 个，未添加 {1} 个', key: '此服务器需要 API 密钥', 'key-text': '密钥保存在脚本无法读取的 Cookie 中。', 'enter': '进入', dismiss: '知道了',
  'v-added': '已添加', 'v-replaced': '已替换', 'v-unchanged': '无变化', 'v-partial': '部分读取', 'v-needs_ocr': '需要 OCR', 'v-encrypted': '已加密', 'v-broken': '已损坏', 'v-empty': '空文件', 'v-unsupported': '不支持', 'v-renamed': '已改名',
};

const wanted = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem('language') ?? navigator.language;

export const language = wanted.startsWith('zh') ? 'zh' : 'en';

/** The words of that name, with {0}, {1}, … filled in; {0?page|pages} goes by the number. What has no words shows its own name. */
export function t(name, ...values) {
  const words = (language === 'zh' ? Chinese : English)[name] ?? name.replace(/^v-/, '').replaceAll('_', ' ');
  return words.replace(/\{(\d)(?:\?([^|]*)\|([^}]*))?\}/g, (_, i, one, many) => (one === undefined ? values[i] : String(values[i]) === '1' ? one : many));
}

export function translate(root = document) {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const found of root.querySelectorAll('[data-t]')) found.textContent = t(found.dataset.t);
  for (const found of root.querySelectorAll('[data-t-label]')) found.setAttribute('aria-label', t(found.dataset.tLabel));
  for (const found of root.querySelectorAll('[data-t-placeholder]')) found.placeholder = t(found.dataset.tPlaceholder);
}

export const number = value => new Intl.NumberFormat(language).format(value);

export const seconds = value => (value < 10 ? value.toFixed(1) : Math.round(value).toString());

export function duration(value) {
  const minutes = Math.round(value / 60);
  if (value < 90) return `${Math.round(value)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
