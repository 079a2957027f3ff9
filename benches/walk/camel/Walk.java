// The walk of a PMTRD file with Apache Camel, for the comparison in docs/reliability.md.
//
//     java -cp 'FOLDER/*' Walk SPOOL RECORD_BYTES
//
// Watches SPOOL/in for a file with its marker, splits it into chunks of 1,000 records, decodes each detail with IBM's own
// converters to a JSON line, appends the chunk to SPOOL/out, writes one line of acknowledgement, and moves the file to
// SPOOL/done. Nothing is proven, hashed, kept or answered record by record. Ends when the file has been moved.

import com.ibm.as400.access.AS400DataType;
import com.ibm.as400.access.AS400Float4;
import com.ibm.as400.access.AS400PackedDecimal;
import com.ibm.as400.access.AS400Text;
import com.ibm.as400.access.AS400ZonedDecimal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;

public class Walk {
    static final int RECORDS_PER_CHUNK = 1000;
    static final int DETAIL = 0xC4; // D
    static final String LAYOUT = "RECTYP A1,SEQNO S9,TRDNO A20,MATNO A20,ORDNO A20,TRDDAT S8,ACTDAT P7,TRDTS A26,MKTID A2,"
        + "INSTID A12,INSTNM A34,BSFLG A1,OFFFLG A1,LOTS P9,QTY P13.4,UNIT A2,PRICE P11.4,AMT P17.2,FEE P11.2,PNL P15.2,"
        + "CCY A3,CUSTNO A16,CUSTNM A84,ACCTNO A24,BRNO A6,CHNL A3,CPTY A8,STAT A2,ORGNO A20,VALDAT A10,EXRATE F4";

    record Field(String key, AS400DataType type, int at) {}

    static List<Field> fields() {
        List<Field> fields = new ArrayList<>();
        int at = 0;
        for (String one : LAYOUT.split(",")) {
            String[] parts = one.split(" ");
            String[] size = parts[1].substring(1).split("\\.");
            int digits = Integer.parseInt(size[0]), decimals = size.length > 1 ? Integer.parseInt(size[1]) : 0;
            AS400DataType type = switch (parts[1].charAt(0)) {
                case 'A' -> new AS400Text(digits, 1388);
                case 'S' -> new AS400ZonedDecimal(digits, decimals);
                case 'P' -> new AS400PackedDecimal(digits, decimals);
                default -> new AS400Float4();
            };
            fields.add(new Field((at == 0 ? "\"" : ",\"") + parts[0] + "\":", type, at));
            at += type.getByteLength();
        }
        return fields;
    }

    static void value(StringBuilder out, Object value) {
        if (value instanceof Float) {
            out.append(value);
            return;
        }
        out.append('"');
        if (value instanceof BigDecimal number) {
            out.append(number.toPlainString());
        } else {
            String text = (String) value;
            int end = text.length();
            while (end > 0 && text.charAt(end - 1) == ' ') end--;
            for (int at = 0; at < end; at++) {
                char c = text.charAt(at);
                if (c == '"' || c == '\\') out.append('\\');
                out.append(c);
            }
        }
        out.append('"');
    }

    /** Chunks of whole records. */
    record Chunks(InputStream in, int bytes) implements Iterator<byte[]> {
        @Override
        public boolean hasNext() {
            try {
                return in.available() > 0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public byte[] next() {
            try {
                return in.readNBytes(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    static long good = 0, bad = 0;

    static byte[] lines(List<Field> fields, byte[] chunk, int length) {
        StringBuilder out = new StringBuilder(chunk.length * 2);
        for (int at = 0; at + length <= chunk.length; at += length) {
            if ((chunk[at] & 0xFF) != DETAIL) continue;
            int start = out.length();
            try {
                for (int n = 0; n < fields.size(); n++) {
                    Field field = fields.get(n);
                    out.append(n == 0 ? "{" : "").append(field.key);
                    value(out, field.type.toObject(chunk, at + field.at));
                }
                out.append("}\n");
                good++;
            } catch (RuntimeException e) {
                out.setLength(start);
                bad++;
            }
        }
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] args) throws Exception {
        Path spool = Path.of(args[0]);
        int length = Integer.parseInt(args[1]);
        List<Field> fields = fields();
        DefaultCamelContext camel = new DefaultCamelContext();
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("file:" + spool.resolve("in") + "?doneFileName=${file:name}.OK&move=" + spool.resolve("done")
                        + "/${file:name}&delay=100&initialDelay=0&autoCreate=false")
                    .split(method(Walk.class, "chunks(${body}, " + length + ")")).streaming()
                        .process((Exchange e) -> e.getMessage().setBody(lines(fields, e.getMessage().getBody(byte[].class), length)))
                        .to("file:" + spool.resolve("out") + "?fileName=${file:name}.jsonl&fileExist=Append")
                    .end()
                    .process((Exchange e) -> e.getMessage().setBody(good + " records, " + bad + " refused\n"))
                    .to("file:" + spool.resolve("out") + "?fileName=${file:name}.ack");
            }
        });
        camel.start();
        while (true) {
            try (var done = Files.list(spool.resolve("done"))) {
                if (done.findAny().isPresent()) break;
            }
            Thread.sleep(20);
        }
        camel.stop();
        System.out.println(good + " " + bad);
    }

    public static Iterator<byte[]> chunks(java.io.File file, int length) throws IOException {
        return new Chunks(new java.io.BufferedInputStream(Files.newInputStream(file.toPath()), 1 << 16), length * RECORDS_PER_CHUNK);
    }
}
