import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the event stream of fpp and books each event once, from where it stopped. Java 8 or newer, nothing but the JDK.
 *
 * The stream promises at least once. So whoever books an event books its (source, id) with it and passes what is there
 * already, and keeps the position only after the events are safe: killed at any moment, nothing is lost and nothing is
 * twice. Here a file of JSON lines takes the place of your table, BOOK, and another one that of the position. In a database
 * both are written in one transaction, and (source, id) is a unique key instead of the map.
 *
 * Run: java StreamConsumer http://127.0.0.1:8650 BOOK POSITION [TOKEN]
 */
public final class StreamConsumer {
    /** (source, id) of every event booked, and the digest of what it said. */
    private static final Map<String, String> BOOKED = new HashMap<>();
    /**
     * Nothing that waiting mends. 400, 401, 403: the address or the token is wrong. 409: the node's books are older than the
     * position. 410: the vault no longer has what follows; only a person can say whether to go on at "oldest".
     */
    private static final List<Integer> FOR_A_PERSON = Arrays.asList(400, 401, 403, 404, 409, 410);

    public static void main(String[] args) throws Exception {
        Path kept = Paths.get(args[2]);
        String position = Files.exists(kept) ? new String(Files.readAllBytes(kept), StandardCharsets.US_ASCII) : "";
        try (RandomAccessFile book = open(args[1])) {
            while (true) {
                HttpURLConnection node;
                byte[] page;
                try {
                    node = ask(args[0] + "/v1/events?limit=500&wait=30&after=" + position, args.length > 3 ? args[3] : null);
                    int status = node.getResponseCode();
                    page = all(status < 400 ? node.getInputStream() : node.getErrorStream());
                    if (FOR_A_PERSON.contains(status)) {
                        throw new IllegalStateException(new String(page, StandardCharsets.UTF_8));
                    }
                    if (status != 200 || node.getHeaderField("Fpp-Position") == null) {
                        throw new IOException(status + ": " + new String(page, StandardCharsets.UTF_8));
                    }
                } catch (IOException e) {
                    System.err.println("once more in a second: " + e.getMessage());
                    Thread.sleep(1000);
                    continue;
                }
                for (String line : new String(page, StandardCharsets.UTF_8).split("\n")) {
                    if (!line.isEmpty()) {
                        take(book, line);
                    }
                }
                // First the events, then where to go on: the other way round would lose some.
                book.getFD().sync();
                position = node.getHeaderField("Fpp-Position");
                Path next = Paths.get(args[2] + ".new");
                Files.write(next, position.getBytes(StandardCharsets.US_ASCII));
                Files.move(next, kept, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private static HttpURLConnection ask(String url, String token) throws IOException {
        HttpURLConnection node = (HttpURLConnection) new URL(url).openConnection();
        node.setRequestProperty("Accept", "application/x-ndjson");
        if (token != null) {
            node.setRequestProperty("Authorization", "Bearer " + token);
        }
        node.setConnectTimeout(5_000);
        // The node waits up to 30 seconds for news; whoever says nothing for much longer is gone.
        node.setReadTimeout(90_000);
        return node;
    }

    private static void take(RandomAccessFile book, String line) throws IOException {
        String event = member(line, "source") + " " + member(line, "id");
        String datahash = String.valueOf(member(line, "datahash"));
        String before = BOOKED.putIfAbsent(event, datahash);
        if (before == null) {
            book.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } else if (!before.equals(datahash)) {
            System.err.println("the same id with other data, not booked: " + event);
        }
    }

    /** The book as it was; a line that was cut off when this program was killed comes again. */
    private static RandomAccessFile open(String path) throws IOException {
        RandomAccessFile book = new RandomAccessFile(path, "rw");
        byte[] bytes = new byte[(int) book.length()];
        book.readFully(bytes);
        int whole = bytes.length;
        while (whole > 0 && bytes[whole - 1] != '\n') {
            whole--;
        }
        book.setLength(whole);
        book.seek(whole);
        for (String line : new String(bytes, 0, whole, StandardCharsets.UTF_8).split("\n")) {
            if (!line.isEmpty()) {
                BOOKED.put(member(line, "source") + " " + member(line, "id"), String.valueOf(member(line, "datahash")));
            }
        }
        return book;
    }

    /** A text of the outermost object; whoever has a JSON library takes that. Ids, sources and digests have no escapes. */
    private static String member(String json, String name) {
        int depth = 0;
        for (int at = 0; at < json.length(); at++) {
            char c = json.charAt(at);
            if (c == '{' || c == '[') {
                depth++;
            } else if (c == '}' || c == ']') {
                depth--;
            } else if (c == '"') {
                int end = end(json, at);
                String text = json.substring(at + 1, end);
                if (depth == 1 && text.equals(name) && json.startsWith("\":\"", end)) {
                    return json.substring(end + 3, end(json, end + 2));
                }
                at = end;
            }
        }
        return null;
    }

    /** Where the text that begins with the quote at this place ends. */
    private static int end(String json, int quote) {
        int at = quote + 1;
        while (json.charAt(at) != '"') {
            at += json.charAt(at) == '\\' ? 2 : 1;
        }
        return at;
    }

    private static byte[] all(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (in == null) {
            return new byte[0];
        }
        byte[] some = new byte[65_536];
        for (int n = in.read(some); n >= 0; n = in.read(some)) {
            bytes.write(some, 0, n);
        }
        return bytes.toByteArray();
    }
}
